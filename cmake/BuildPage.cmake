# Run by rowhook_page: installs what web/ui needs, builds it, packs it into OUT and BLOB.
cmake_minimum_required(VERSION 3.25)

function(leave_out reason)
  message(WARNING "rowhook is built without its page: ${reason}")
  string(REGEX REPLACE "\n.*" "" reason "${reason}")  # the rest is for who builds
  file(WRITE "${BLOB}" "")
  file(WRITE "${OUT}" "// Generated: the page could not be built.
#include \"web/server/assets.h\"
namespace rowhook {
std::span<const PageFile> page_files() { return {}; }
std::string_view page_missing_because() { return R\"rowhook(${reason})rowhook\"; }
}  // namespace rowhook
")
  file(TOUCH "${OUT}.left-out")
endfunction()

if(NOT NODE OR NOT NPM)
  leave_out("node and npm were not there when it was built")
  return()
endif()
execute_process(COMMAND "${NODE}" -p "parseInt(process.versions.node)" OUTPUT_VARIABLE version OUTPUT_STRIP_TRAILING_WHITESPACE)
if(version LESS 18)
  leave_out("it needs node 18 or newer, and ${NODE} is ${version}")
  return()
endif()

set(FOLDER "${UI}")
set(INSTALL_MAY_FAIL ON)
include("${CMAKE_CURRENT_LIST_DIR}/InstallPackages.cmake")
if(INSTALL_PROBLEM)
  leave_out("npm ci failed in web/ui: ${INSTALL_PROBLEM}")
  return()
endif()

get_filename_component(folder "${OUT}" DIRECTORY)
execute_process(
  COMMAND "${CMAKE_COMMAND}" -E env "ROWHOOK_PAGE_OUT=${folder}/page" "${NODE}" node_modules/vite/bin/vite.js build --logLevel warn
  WORKING_DIRECTORY "${UI}" COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${NODE}" tools/pack.mjs "${folder}/page" "${OUT}" "${BLOB}" WORKING_DIRECTORY "${UI}" COMMAND_ERROR_IS_FATAL ANY)
