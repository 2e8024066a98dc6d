#include <gtest/gtest.h>

#include "engine/base/log.h"
#include "scripting/script_engine.h"

int main(int argc, char** argv) {
  rowhook::run_script_host_if_asked(argc, argv);
  rowhook::log::set_level(rowhook::log::Level::off);
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
