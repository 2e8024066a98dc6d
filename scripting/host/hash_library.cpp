#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "engine/event/json_writer.h"
#include "scripting/host/context.h"

namespace rowhook {
namespace {

int push_hex(lua_State* L, const unsigned char* bytes, unsigned size) {
  constexpr char digits[] = "0123456789abcdef";
  std::array<char, 2 * EVP_MAX_MD_SIZE> text;
  for (unsigned i = 0; i < size; ++i) {
    text[2 * i] = digits[bytes[i] >> 4];
    text[2 * i + 1] = digits[bytes[i] & 15];
  }
  lua_pushlstring(L, text.data(), 2 * size);
  return 1;
}

template <const EVP_MD* (*Type)()>
int digest(lua_State* L) {
  const std::string_view text = check_text(L, 1);
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes;
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), bytes.data(), &size, Type(), nullptr) != 1)
    return luaL_error(L, "this digest is switched off by the system's OpenSSL");
  return push_hex(L, bytes.data(), size);
}

int hmac_sha256(lua_State* L) {
  const std::string_view key = check_text(L, 1), text = check_text(L, 2);
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes;
  unsigned size = 0;
  if (!HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
            reinterpret_cast<const unsigned char*>(text.data()), text.size(), bytes.data(), &size))
    return luaL_error(L, "HMAC failed");
  return push_hex(L, bytes.data(), size);
}

int encode_base64(lua_State* L) {
  const std::string_view bytes = check_text(L, 1);
  context(L).scratch = base64_encode(bytes);
  push_text(L, context(L).scratch);
  return 1;
}

int decode_base64(lua_State* L) {
  const std::string_view text = check_text(L, 1);
  ScriptContext& c = context(L);
  bool decoded = false;
  if (auto bytes = base64_decode(text)) {
    c.scratch = std::move(*bytes);
    decoded = true;
  }
  if (decoded) {
    push_text(L, c.scratch);
  } else {
    lua_pushnil(L);
  }
  return 1;
}

}  // namespace

int hash_library(lua_State* L) {
  const luaL_Reg functions[] = {{"md5", digest<EVP_md5>},
                                {"sha1", digest<EVP_sha1>},
                                {"sha256", digest<EVP_sha256>},
                                {"sha512", digest<EVP_sha512>},
                                {"hmac_sha256", hmac_sha256},
                                {"base64_encode", guarded<encode_base64>},
                                {"base64_decode", guarded<decode_base64>},
                                {nullptr, nullptr}};
  lua_newtable(L);
  luaL_register(L, nullptr, functions);
  return 1;
}

}  // namespace rowhook
