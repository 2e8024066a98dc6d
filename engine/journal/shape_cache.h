#pragma once

#include <unordered_map>

#include "engine/base/guarded.h"
#include "engine/event/value.h"

namespace rowhook {

// Shapes by id, so that events of one table version share one Shape however they were read. Bounded: it
// forgets everything when it is full; a forgotten shape is read again. Thread safety: safe to share.
class ShapeCache {
 public:
  ShapePtr find(std::uint64_t id) const {
    return shapes_.with([&](const Map& shapes) {
      const auto found = shapes.find(id);
      return found == shapes.end() ? nullptr : found->second;
    });
  }
  void add(const ShapePtr& shape) {
    shapes_.with([&](Map& shapes) {
      if (shapes.size() >= 2048) shapes.clear();
      shapes.try_emplace(shape->id, shape);
    });
  }

 private:
  using Map = std::unordered_map<std::uint64_t, ShapePtr>;
  Guarded<Map> shapes_;
};

}  // namespace rowhook
