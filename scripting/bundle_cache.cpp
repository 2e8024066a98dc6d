#include "scripting/bundle_cache.h"

#include <openssl/sha.h>

#include <array>
#include <cstring>
#include <set>

#include "engine/base/glob.h"
#include "engine/event/varint.h"
#include "scripting/script_text.h"

namespace rowhook {
namespace {

constexpr std::size_t most_entries = 4096;
constexpr std::size_t most_modules = 64;
constexpr std::chrono::milliseconds freshness{100};

}  // namespace

std::uint64_t content_id(std::string_view bytes) {
  // Cryptographic: nobody can write a script that is taken for another one.
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  std::uint64_t id = 0;
  std::memcpy(&id, digest.data(), sizeof id);
  return id;
}

BundlePtr BundleCache::get(const ScriptPtr& script) {
  const auto now = std::chrono::steady_clock::now();
  const bool fixed = script->modules.empty() || !library_;
  if (BundlePtr known = entries_.with([&](const auto& entries) -> BundlePtr {
        const auto found = entries.find(script->id);
        if (found == entries.end() || (!fixed && now - found->second.made > freshness)) return nullptr;
        return found->second.bundle;
      }))
    return known;
  const BundlePtr made = make(script);
  return entries_.with([&](auto& entries) {
    if (entries.size() >= most_entries) entries.clear();
    Entry& entry = entries[script->id];
    // An unchanged bundle stays the same object.
    if (!entry.bundle || entry.bundle->id != made->id) entry.bundle = made;
    entry.made = now;
    return entry.bundle;
  });
}

BundlePtr BundleCache::make(const ScriptPtr& script) const {
  auto bundle = std::make_shared<ScriptBundle>();
  bundle->script = script;
  bundle->id = script->id;
  bundle->uses_state = script->uses_state;
  bundle->limits = limits_;
  bundle->coverage = limits_.coverage;
  for (const auto& own : limits_.own)
    if (glob_matches(own.scripts, script->name)) {
      bundle->limits = own.limits;
      bundle->jit = own.jit && !limits_.coverage;  // compiled code has no lines
      break;
    }
  if (script->modules.empty() || !library_) return bundle;
  std::string identity;
  write_varint(identity, script->id);
  std::vector<std::string> wanted = script->modules;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < wanted.size() && bundle->modules.size() < most_modules; ++i) {
    const std::string name = wanted[i];
    if (!seen.insert(name).second) continue;
    auto text = library_(name);
    if (!text) continue;  // require() itself says so, with the line
    ScriptText read = read_script_text(*text);
    bundle->uses_state = bundle->uses_state || read.uses_state;
    for (auto& next : read.modules) wanted.push_back(std::move(next));
    write_bytes(identity, name);
    write_bytes(identity, *text);
    bundle->modules.push_back({name, std::move(*text)});
  }
  if (!bundle->modules.empty()) bundle->id = content_id(identity);
  return bundle;
}

}  // namespace rowhook
