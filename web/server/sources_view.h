#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rowhook {

// Where one source stands right now.
struct SourceState {
  enum class State { running, degraded, gap, failed, paused };
  std::string name;  // the source, e.g. "main-postgres"
  State state = State::running;
  std::string reason;  // why it is not running, one sentence ("" when it is)
  std::string remedy;  // the SQL, command or setting that mends it ("" when there is nothing to do)
  std::string
      position;  // up to where its history is journaled, as the database prints it ("" when nothing is)
  double lag_seconds = 0;       // age of the newest change that is not journaled yet; 0 when none is known
  std::uint64_t lag_bytes = 0;  // history the database still holds for us
};
std::string_view to_string(SourceState::State state);  // "running", "degraded", ...

// What the API sees and may do of capture. Implemented by the application over the intakes.
// Thread safety: implementations are safe to share.
class SourcesView {
 public:
  virtual ~SourcesView() = default;
  // Every configured source, in the order of the configuration. From memory: cheap, no I/O.
  virtual std::vector<SourceState> list() const = 0;
  // Stops reading from the source until resume(); what it journaled stays. Throws NotFound, Conflict (paused
  // already).
  virtual void pause(const std::string& name) = 0;
  // Goes on where it was. Throws NotFound, Conflict (not paused).
  virtual void resume(const std::string& name) = 0;
};

}  // namespace rowhook
