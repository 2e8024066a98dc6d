#include "web/server/token_book.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "engine/event/json_writer.h"
#include "engine/store/store.h"

namespace rowhook {
namespace {

constexpr auto max_age = std::chrono::seconds{1};
constexpr auto max_age_of_a_miss = std::chrono::milliseconds{100};
constexpr auto environment_token = "admin (environment)";

bool same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

// Writes DATA_DIR/admin-token so that a crash leaves either the old file or the new one, never readable for
// others.
void write_secret_file(const std::string& path, std::string_view secret) {
  const std::string fresh = path + ".new";
  const auto failed = [&](const std::string& what) {
    return TransientError("cannot " + what + " " + fresh + ": " + std::strerror(errno),
                          "make the data directory writable for the user that runs rowhook");
  };
  ::unlink(fresh.c_str());
  const int file = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) throw failed("create");
  const std::string line = std::string(secret) + "\n";
  const bool written =
      ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size()) && ::fsync(file) == 0;
  const int problem = errno;
  ::close(file);
  errno = problem;
  if (!written) throw failed("write");
  if (std::rename(fresh.c_str(), path.c_str()) != 0) throw failed("rename");
}

std::string new_id(const Random& random) {
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(random()));
  return text.data();
}

std::optional<std::string> adopt_environment_token(Store& store, std::string_view secret, const Clock& clock,
                                                   const Random& random) {
  if (secret.size() < 16 || secret.find_first_of(" \t\r\n") != std::string_view::npos)
    throw ConfigError("ROWHOOK_ADMIN_TOKEN is not usable as a token",
                      {{"", "16 or more characters without blanks"}},
                      "ROWHOOK_ADMIN_TOKEN=$(openssl rand -hex 32)");
  const std::string hash = token_hash(secret);
  bool known = false;
  for (const auto& token : store.tokens()) {
    if (token.revoked_at) continue;
    if (same(token.hash, hash)) {
      known = true;
    } else if (token.name == environment_token) {
      store.revoke_token(token.id);  // the variable was changed: its former value is worth nothing any more
    }
  }
  if (!known)
    store.add_token(
        {new_id(random), environment_token, "admin", hash, clock.now(), std::nullopt, std::nullopt});
  return std::nullopt;
}

}  // namespace

std::string new_token_secret(const Random& random) {
  std::string bytes;
  for (int i = 0; i < 4; ++i) {
    const std::uint64_t number = random();
    bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
  }
  std::string text = base64_encode(bytes);
  while (text.ends_with('=')) text.pop_back();
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return "rowhook_" + text;
}

std::string token_hash(std::string_view secret) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(secret.data()), secret.size(), digest.data());
  constexpr char digits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(digest.size() * 2);
  for (const unsigned char byte : digest) {
    hex += digits[byte >> 4U];
    hex += digits[byte & 15U];
  }
  return hex;
}

std::optional<std::string> ensure_admin_token(Store& store, const std::string& data_dir,
                                              std::string_view from_environment, const Clock& clock,
                                              const Random& random) {
  if (!from_environment.empty()) return adopt_environment_token(store, from_environment, clock, random);
  const auto tokens = store.tokens();
  const bool someone = std::any_of(tokens.begin(), tokens.end(), [](const Token& token) {
    return token.role == "admin" && !token.revoked_at && token.name != environment_token;
  });
  if (someone) return std::nullopt;
  const std::string secret = new_token_secret(random);
  // The file first: after a crash between the two, the next start finds no admin and writes another. The
  // other way round there would be an admin whose secret nobody has.
  write_secret_file(data_dir + "/admin-token", secret);
  store.add_token(
      {new_id(random), "admin", "admin", token_hash(secret), clock.now(), std::nullopt, std::nullopt});
  return secret;
}

TokenBook::Answer TokenBook::find(std::string_view secret) {
  const std::string hash = token_hash(secret);
  const auto now = clock_.steady();
  return copy_.with([&](Copy& copy) -> Answer {
    if (!copy.known || now - copy.read > max_age) return {true, std::nullopt};
    const auto found = copy.by_hash.find(hash);
    // The tree was searched by the hash, which tells nothing about the secret; the comparison that lets
    // somebody in takes the same time whatever differs.
    if (found != copy.by_hash.end() && same(found->first, hash)) {
      found->second.used = true;
      return {false, found->second.principal};
    }
    return {now - copy.read > max_age_of_a_miss, std::nullopt};
  });
}

void TokenBook::renew() {
  const auto started = clock_.steady();
  std::vector<std::string> used;
  const std::uint64_t forgotten = copy_.with([&](Copy& copy) {
    for (auto& [hash, entry] : copy.by_hash)
      if (std::exchange(entry.used, false)) used.push_back(hash);
    return copy.forgotten;
  });
  for (const auto& hash : used) store_.token_by_hash(hash);  // looking it up is what notes its use
  std::map<std::string, Entry, std::less<>> fresh;
  for (const auto& token : store_.tokens())
    if (!token.revoked_at)
      fresh.emplace(token.hash, Entry{{token.id, token.name, role_from_name(token.role)}, false});
  copy_.with([&](Copy& copy) {
    if (copy.forgotten != forgotten) return;  // forget() came in between: what was read may be too old
    copy.by_hash = std::move(fresh);
    copy.read = started;
    copy.known = true;
  });
}

void TokenBook::forget() {
  copy_.with([](Copy& copy) {
    copy.known = false;
    copy.forgotten += 1;
  });
}

}  // namespace rowhook
