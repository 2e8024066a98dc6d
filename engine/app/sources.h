#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/capture/source.h"
#include "engine/journal/intake.h"
#include "web/server/sources_view.h"

namespace rowhook {

// The capture method for a connection. Throws PermanentError with what to write instead when there is none.
const SourceType& source_type_of(const SourceSettings& settings);
// What the database of a connection lacks, from looking at it now. Never throws: that it cannot be reached is a finding, too.
std::vector<Finding> examine(const SourceSettings& settings);

// One intake per watched connection. A connection whose method this program does not have is listed as failed, with the remedy.
// Thread safety: safe to share, but for replace() and stop(), which belong to one thread.
class Sources final : public SourcesView {
 public:
  Sources(Journal& journal, Metrics& metrics, const Clock& clock, Random random);
  ~Sources() override;

  // Starts what is new or has changed, stops what is gone; what is equal goes on undisturbed.
  void replace(const std::vector<SourceSettings>& settings);
  void stop();

  std::vector<SourceState> list() const override;
  void pause(const std::string& name) override;
  void resume(const std::string& name) override;
  std::vector<Finding> doctor(const std::string& name) const override;

 private:
  struct Entry {
    SourceSettings settings;
    std::unique_ptr<Intake> intake;  // null: cannot be captured, and `unusable` says why
    SourceState unusable;
  };
  using EntryPtr = std::shared_ptr<Entry>;
  EntryPtr start(const SourceSettings& settings);
  std::shared_ptr<Intake> find(const std::string& name) const;  // keeps it while it is used

  Journal& journal_;
  Metrics& metrics_;
  const Clock& clock_;
  Random random_;
  Guarded<std::vector<EntryPtr>> entries_;
};

}  // namespace rowhook
