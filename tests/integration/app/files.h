#pragma once

#include <filesystem>
#include <fstream>
#include <string>

namespace rowhook::testing {

// Writes a whole file, and the folders above it.
inline void write(const std::string& file, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(file).parent_path());
  std::ofstream(file, std::ios::binary) << text;
}

// Reads one; "" where there is none.
inline std::string read(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace rowhook::testing
