#include "scripting/bundle_cache.h"

#include <openssl/sha.h>

#include <array>
#include <cstring>

#include "engine/base/glob.h"
#include "engine/event/varint.h"

namespace rowhook {
namespace {

constexpr std::size_t most_entries = 4096;
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

std::uint64_t id_with_modules(std::uint64_t script, std::span<const ScriptModule> modules) {
  std::string identity;
  write_varint(identity, script);
  for (const auto& module : modules) {
    write_bytes(identity, module.name);
    write_bytes(identity, module.text);
  }
  return content_id(identity);
}

BundlePtr BundleCache::get(const ScriptPtr& script) {
  const auto now = std::chrono::steady_clock::now();
  const bool fixed = script->modules.empty() || script->pinned || !library_;
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

std::shared_ptr<ScriptBundle> BundleCache::without_modules(const ScriptPtr& script) const {
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
  return bundle;
}

BundlePtr BundleCache::make(const ScriptPtr& script) const {
  auto bundle = without_modules(script);
  if (!script->modules.empty() && (script->pinned || library_)) {
    ScriptModules modules = script->pinned ? *script->pinned : collect_modules(script->modules, library_);
    bundle->uses_state = bundle->uses_state || modules.use_state;
    bundle->modules = std::move(modules.found);
  }
  if (!bundle->modules.empty() && !script->pinned) bundle->id = id_with_modules(script->id, bundle->modules);
  return bundle;
}

}  // namespace rowhook
