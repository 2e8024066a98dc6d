# Everything comes from Debian's packages (see the list in tools/packages). Boost is used header-only.
find_package(PkgConfig REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(simdjson REQUIRED)
pkg_check_modules(sqlite3 REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(libpq REQUIRED IMPORTED_TARGET libpq)
pkg_check_modules(libpqxx REQUIRED IMPORTED_TARGET libpqxx)
pkg_check_modules(luajit REQUIRED IMPORTED_TARGET luajit)
pkg_check_modules(seccomp REQUIRED IMPORTED_TARGET libseccomp)
pkg_check_modules(curl REQUIRED IMPORTED_TARGET libcurl)
pkg_check_modules(prometheus REQUIRED IMPORTED_TARGET prometheus-cpp-core)

include(CheckCXXSourceCompiles)
check_cxx_source_compiles("
  #include <boost/version.hpp>
  #if BOOST_VERSION < 108100
  #error
  #endif
  int main() {}" ROWHOOK_HAS_BOOST_181)
if(NOT ROWHOOK_HAS_BOOST_181)
  message(FATAL_ERROR "Boost 1.81 or newer is needed: apt-get install libboost1.81-dev (Debian 12) or libboost-dev (Debian 13)")
endif()
if(ROWHOOK_TESTS)
  find_package(GTest REQUIRED)
endif()
