#include "workflows/webhook_signature.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <array>

#include "engine/base/errors.h"
#include "engine/event/json_writer.h"

namespace rowhook {
namespace {

constexpr std::string_view prefix = "whsec_";

struct FreeContext {
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};
using MacContext = std::unique_ptr<EVP_MAC_CTX, FreeContext>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// An HMAC-SHA256 that has taken its key; it is copied for every message, which is cheaper than to begin anew.
MacContext keyed_context(std::string_view key) {
  static EVP_MAC* const hmac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  MacContext context(EVP_MAC_CTX_new(hmac));
  char digest[] = "SHA256";
  const std::array<OSSL_PARAM, 2> parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
  if (!context || EVP_MAC_init(context.get(), bytes_of(key), key.size(), parameters.data()) != 1)
    throw PermanentError("OpenSSL offers no HMAC-SHA256");
  return context;
}

std::string key_of(const std::string& secret, std::size_t index) {
  const std::string pointer = "/" + std::to_string(index);
  const std::string remedy = "make one with: echo whsec_$(openssl rand -base64 32)";
  if (!secret.starts_with(prefix))
    throw InvalidInput("a webhook secret begins with whsec_",
                       {{pointer, "a secret begins with whsec_; " + remedy}}, remedy);
  std::string text = secret.substr(prefix.size());
  while (text.size() % 4 != 0) text += '=';
  auto key = base64_decode(text);
  if (!key || key->empty())
    throw InvalidInput("a webhook secret is base64 behind whsec_",
                       {{pointer, "what stands behind whsec_ is not base64; " + remedy}}, remedy);
  return std::move(*key);
}

}  // namespace

struct WebhookSigner::Key {
  MacContext context;
};

WebhookSigner::WebhookSigner(const std::vector<std::string>& secrets) {
  for (std::size_t i = 0; i < secrets.size(); ++i) {
    std::string key = key_of(secrets[i], i);
    keys_.push_back(std::make_unique<Key>(Key{keyed_context(key)}));
    OPENSSL_cleanse(key.data(), key.size());
  }
}

WebhookSigner::~WebhookSigner() = default;
WebhookSigner::WebhookSigner(WebhookSigner&&) noexcept = default;

std::string WebhookSigner::sign(std::string_view id, std::int64_t timestamp, std::string_view body) const {
  std::string head(id);
  head += '.';
  head += std::to_string(timestamp);
  head += '.';
  std::string out;
  for (const auto& key : keys_) {
    const MacContext context(EVP_MAC_CTX_dup(key->context.get()));
    std::array<unsigned char, 32> mac{};
    std::size_t length = 0;
    if (!context || EVP_MAC_update(context.get(), bytes_of(head), head.size()) != 1 ||
        EVP_MAC_update(context.get(), bytes_of(body), body.size()) != 1 ||
        EVP_MAC_final(context.get(), mac.data(), &length, mac.size()) != 1)
      throw TransientError("OpenSSL could not sign a webhook");
    out += out.empty() ? "v1," : " v1,";
    out += base64_encode({reinterpret_cast<const char*>(mac.data()), length});
  }
  return out;
}

}  // namespace rowhook
