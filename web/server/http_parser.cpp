#include "web/server/http_parser.h"

#include <algorithm>

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

namespace rowhook {
namespace {

namespace http = boost::beast::http;
using boost::system::error_code;
using BeastText = boost::beast::string_view;

std::string_view view(BeastText text) { return {text.data(), text.size()}; }

bool equal_fold(std::string_view a, std::string_view lower) {
  return a.size() == lower.size() && std::equal(a.begin(), a.end(), lower.begin(), [](char x, char y) {
           return (x >= 'A' && x <= 'Z' ? static_cast<char>(x + 32) : x) == y;
         });
}

// Puts what the parser finds straight into the request.
class RequestParser final : public http::basic_parser<true> {
 public:
  RequestParser(ApiRequest& request, std::uint64_t body_bytes)
      : request_(request), body_limit_bytes_(body_bytes) {}
  bool too_large() const { return too_large_; }

 private:
  void on_request_impl(http::verb, BeastText method, BeastText target, int, error_code&) override {
    request_.method = http_method(view(method));
    request_.target.assign(target.data(), target.size());
  }
  void on_response_impl(int, BeastText, int, error_code&) override {}
  void on_field_impl(http::field, BeastText name, BeastText value, error_code&) override {
    request_.headers.add(view(name), view(value));
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code& error) override {
    if (length && *length > body_limit_bytes_) return refuse(error);
    if (length) request_.body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(*length, 64U << 10)));
  }
  std::size_t on_body_impl(BeastText bytes, error_code& error) override { return take(bytes, error); }
  void on_chunk_header_impl(std::uint64_t size, BeastText, error_code& error) override {
    if (size > body_limit_bytes_) refuse(error);
  }
  std::size_t on_chunk_body_impl(std::uint64_t, BeastText bytes, error_code& error) override {
    return take(bytes, error);
  }
  void on_finish_impl(error_code&) override {}

  std::size_t take(BeastText bytes, error_code& error) {
    if (request_.body.size() + bytes.size() > body_limit_bytes_) {
      refuse(error);
      return 0;
    }
    request_.body.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void refuse(error_code& error) {
    too_large_ = true;
    error = http::error::body_limit;
  }

  ApiRequest& request_;
  std::uint64_t body_limit_bytes_;
  bool too_large_ = false;
};

}  // namespace

struct HttpParser::Impl {
  HttpLimits limits;
  ApiRequest* request = nullptr;
  std::optional<RequestParser> parser;

  // Absolute form (RFC 9112 section 3.2.2): the authority stands in for Host.
  void normalise_target() const {
    std::string& target = request->target;
    if (target.starts_with('/')) return;
    const std::size_t scheme = target.starts_with("http://") ? 7 : target.starts_with("https://") ? 8 : 0;
    if (scheme == 0) {
      if (target == "*" && request->method == HttpMethod::options) return;
      throw bad_request("the request target is not a path");
    }
    const std::size_t path = target.find_first_of("/?", scheme);
    request->headers.replace("host", std::string_view(target).substr(scheme, path - scheme));
    std::string rest = path == std::string::npos ? "/" : target.substr(path);
    if (rest.front() == '?') rest.insert(rest.begin(), '/');
    target = std::move(rest);
  }
};

HttpParser::HttpParser(const HttpLimits& limits) : impl_(std::make_unique<Impl>()) { impl_->limits = limits; }
HttpParser::~HttpParser() = default;

void HttpParser::start(ApiRequest& request) {
  request.method = HttpMethod::other;
  request.target.clear();
  request.headers.clear();
  request.body.clear();
  impl_->request = &request;
  impl_->parser.emplace(request, impl_->limits.body_bytes);
  impl_->parser->header_limit(impl_->limits.head_bytes);
  impl_->parser->body_limit(boost::none);  // ours is checked when the body comes, behind the head's checks
}

std::size_t HttpParser::feed(std::string_view bytes) {
  RequestParser& parser = *impl_->parser;
  const bool in_head = !parser.is_header_done();
  parser.eager(!in_head);
  error_code error;
  const std::size_t taken = parser.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  if (error == http::error::need_more) return taken;
  if (error == http::error::header_limit)
    throw HttpError(431, "head-too-large",
                    "the request line and header fields take more than " +
                        std::to_string(impl_->limits.head_bytes) + " bytes");
  if (parser.too_large())
    throw HttpError(413, "body-too-large",
                    "the body takes more than " + std::to_string(impl_->limits.body_bytes) + " bytes");
  if (error) throw bad_request("not a valid HTTP request: " + error.message());
  if (in_head && parser.is_header_done()) impl_->normalise_target();
  return taken;
}

bool HttpParser::head_done() const { return impl_->parser->is_header_done(); }
bool HttpParser::done() const { return impl_->parser->is_done(); }

bool HttpParser::has_body() const {
  const auto length = impl_->parser->content_length();
  return impl_->parser->chunked() || (length && *length > 0);
}

std::optional<std::uint64_t> HttpParser::content_length() const {
  const auto length = impl_->parser->content_length();
  return length ? std::optional<std::uint64_t>(*length) : std::nullopt;
}

bool HttpParser::keep_alive() const { return impl_->parser->keep_alive(); }

bool HttpParser::expects_continue() const {
  return equal_fold(impl_->request->header("expect"), "100-continue");
}

}  // namespace rowhook
