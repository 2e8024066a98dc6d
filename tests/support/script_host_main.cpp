// main() of tests that construct a ScriptEngine: its hosts are this very executable, started again.
#include <gtest/gtest.h>

#include "scripting/script_engine.h"

int main(int argc, char** argv) {
  rowhook::run_script_host_if_asked(argc, argv);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
