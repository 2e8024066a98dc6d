#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/app/definitions_dir.h"

namespace rowhook {

// Tests that an author wrote, and what they test:
//   scripts/ triggers/ workflows/   as `rowhook apply` reads them
//   fixtures/NAME.json              events, as `rowhook tail --save` writes them
//   test.lua, *_test.lua, tests/*.lua
struct TestProject {
  struct TestFile {
    std::string file, text;  // relative to what find_test_projects() was given
  };
  std::string directory;  // likewise; "" is that itself
  Definitions definitions;
  std::map<std::string, std::string> fixtures;  // JSON text by name
  std::vector<TestFile> tests;
};

// Every project at or below `directory`, in order of their names: a project is the nearest folder around a
// test file that has scripts, triggers or workflows, or the test file's own folder. Throws InvalidInput
// naming the file that cannot be used.
std::vector<TestProject> find_test_projects(const std::string& directory);

}  // namespace rowhook
