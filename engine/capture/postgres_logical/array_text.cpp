#include "engine/capture/postgres_logical/array_text.h"

#include "engine/capture/postgres_logical/text_form.h"
#include "engine/event/json_writer.h"

namespace rowhook {
namespace {

constexpr int deepest = 6;  // MAXDIM of the server

void append_element(std::string& out, TextForm form, std::string_view text) {
  switch (form) {
    case TextForm::integer:
    case TextForm::decimal:
      if (!is_json_number(text)) break;
      out += text;
      return;
    case TextForm::boolean:
      if (text != "t" && text != "f") break;
      out += text == "t" ? "true" : "false";
      return;
    case TextForm::bytes:
      if (std::string bytes; append_hex_bytes(bytes, text)) {
        out += '"';
        out += base64_encode(bytes);
        out += '"';
        return;
      }
      break;
    case TextForm::instant:
      if (InstantText instant; format_instant(text, instant)) return write_json_string(out, instant.view());
      break;
    case TextForm::json:
      return append_clean_json(out, text);
    case TextForm::array:
    case TextForm::text:
      break;
  }
  write_json_string(out, text);
}

bool is_null_word(std::string_view text) {
  constexpr std::string_view word = "null";
  if (text.size() != word.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i)
    if ((text[i] | 0x20) != word[i]) return false;
  return true;
}

class ArrayParser {
 public:
  ArrayParser(std::string& out, TextForm element, char delimiter, std::string_view text)
      : out_(out), element_(element), delimiter_(delimiter), text_(text) {}

  bool run() { return skip_bounds() && array(1) && at_ == text_.size(); }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  bool skip_bounds() {
    if (peek() != '[') return true;
    at_ = text_.find('=');
    if (at_ == std::string_view::npos) return false;
    ++at_;
    return true;
  }

  bool array(int depth) {
    if (depth > deepest || peek() != '{') return false;
    ++at_;
    out_ += '[';
    while (peek() != '}' || out_.back() == ',') {
      if (!(peek() == '{' ? array(depth + 1) : element())) return false;
      if (peek() != delimiter_) break;
      ++at_;
      out_ += ',';
    }
    if (peek() != '}') return false;
    ++at_;
    out_ += ']';
    return true;
  }

  bool element() { return peek() == '"' ? quoted() : bare(); }

  bool quoted() {
    word_.clear();
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\') ++at_;
      if (at_ < text_.size()) word_ += text_[at_];
    }
    if (at_ >= text_.size()) return false;
    ++at_;
    append_element(out_, element_, word_);
    return true;
  }

  bool bare() {
    const std::size_t start = at_;
    while (at_ < text_.size() && text_[at_] != delimiter_ && text_[at_] != '}' && text_[at_] != '{' &&
           text_[at_] != '"')
      ++at_;
    const std::string_view word = text_.substr(start, at_ - start);
    if (word.empty()) return false;
    if (is_null_word(word)) {
      out_ += "null";
    } else {
      append_element(out_, element_, word);
    }
    return true;
  }

  std::string& out_;
  TextForm element_;
  char delimiter_;
  std::string_view text_;
  std::size_t at_ = 0;
  std::string word_;
};

}  // namespace

bool append_array_json(std::string& out, TextForm element, char delimiter, std::string_view text) {
  return ArrayParser(out, element, delimiter, text).run();
}

}  // namespace rowhook
