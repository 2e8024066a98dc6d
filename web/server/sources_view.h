#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/capture/source.h"
#include "engine/journal/intake.h"

namespace rowhook {

// What the API sees and may do of capture. Implemented by the application over the intakes.
// Thread safety: implementations are safe to share.
class SourcesView {
 public:
  virtual ~SourcesView() = default;
  // Every configured source, in the order of the configuration. From memory: cheap, no I/O.
  virtual std::vector<SourceState> list() const = 0;
  // Stops reading from the source until resume(); what it journaled stays. Twice is as
  // good as once. Throws NotFound.
  virtual void pause(const std::string& name) = 0;
  // Goes on where it was. Throws NotFound.
  virtual void resume(const std::string& name) = 0;
  // Looks at the database now, over a connection of its own; that it cannot be reached is a finding. May
  // block. Throws NotFound.
  virtual std::vector<Finding> doctor(const std::string& name) const = 0;
};

}  // namespace rowhook
