#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rowhook {

// Signs webhooks as Standard Webhooks 1.0 (standardwebhooks.com) says: base64(HMAC-SHA256(key,
// "{id}.{timestamp}.{body}")). Thread safety: immutable, safe to share.
class WebhookSigner {
 public:
  // `secrets` are "whsec_" and base64; two while one is being replaced. Throws InvalidInput that never shows
  // a secret, with the pointer /0 or /1.
  explicit WebhookSigner(const std::vector<std::string>& secrets);
  ~WebhookSigner();
  WebhookSigner(WebhookSigner&&) noexcept;

  // The value of `webhook-signature`: "v1,..." for every secret, with a space between. `timestamp`: seconds
  // since 1970.
  std::string sign(std::string_view id, std::int64_t timestamp, std::string_view body) const;

 private:
  struct Key;
  std::vector<std::unique_ptr<Key>> keys_;
};

}  // namespace rowhook
