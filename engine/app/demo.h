#pragma once

#include <string>

namespace rowhook {

struct DemoOptions {
  std::string data_dir;  // "" = a directory of its own that is removed at the end
  std::string listen;    // "" = 127.0.0.1:8088, or any free port when that is taken or with `once`
  bool postgres = false;
  bool once = false;     // play the shop's changes once, check the outcome, end
};

// The shop of examples/shop, alive: makes its database, watches it, prints each execution. Returns the exit status.
int run_demo(const DemoOptions& options);

}  // namespace rowhook
