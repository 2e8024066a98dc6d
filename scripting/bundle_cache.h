#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <unordered_map>

#include "engine/base/guarded.h"
#include "scripting/protocol.h"

namespace rowhook {

// Scripts together with the scripts of the store they require, directly or not. What is looked up is believed
// for 100 ms; a changed module makes another bundle, so that hosts compile it anew. Thread safety: safe to
// share.
class BundleCache {
 public:
  using Library = std::function<std::optional<std::string>(const std::string& name)>;
  BundleCache(Library library, ScriptLimits limits)
      : library_(std::move(library)), limits_(std::move(limits)) {}
  // What the library throws passes through.
  BundlePtr get(const ScriptPtr& script);

 private:
  struct Entry {
    BundlePtr bundle;
    std::chrono::steady_clock::time_point made;
  };
  BundlePtr make(const ScriptPtr& script) const;

  const Library library_;
  const ScriptLimits limits_;
  Guarded<std::unordered_map<std::uint64_t, Entry>> entries_;
};

// A content hash: equal bytes, equal id.
std::uint64_t content_id(std::string_view bytes);

}  // namespace rowhook
