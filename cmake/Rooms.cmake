# rowhook_room(NAME SOURCES ... [LINK ...]): one static library `rowhook_NAME` for the folder that calls it.
# rowhook_test(NAME SOURCES ... LINK ... [LABELS ...] [TIMEOUT s]): one GoogleTest program, one ctest entry.
# rowhook_fuzzer(NAME SOURCES ... LINK ...): one libFuzzer program; ctest runs it for a bounded number of inputs.

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      "${CMAKE_COMMAND};-E;env;CCACHE_SLOPPINESS=pch_defines,time_macros;${CCACHE}" CACHE STRING "")
endif()
find_program(MOLD mold)
if(MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT ROWHOOK_SANITIZE)
  add_link_options(-fuse-ld=mold)
endif()

add_library(rowhook_flags INTERFACE)
target_include_directories(rowhook_flags INTERFACE "${CMAKE_SOURCE_DIR}")
target_compile_options(rowhook_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wold-style-cast -Wnon-virtual-dtor -Woverloaded-virtual)
if(ROWHOOK_WERROR)
  target_compile_options(rowhook_flags INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Precompiled headers and ccache only agree with this; the other three are false alarms of g++ inside libstdc++ and Asio.
  target_compile_options(rowhook_flags INTERFACE -fpch-preprocess -Wno-restrict -Wno-dangling-reference -Wno-maybe-uninitialized)
endif()
if(ROWHOOK_SANITIZE)
  add_compile_options(-fsanitize=${ROWHOOK_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -O1)
  add_link_options(-fsanitize=${ROWHOOK_SANITIZE})
endif()
if(ROWHOOK_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
find_package(Threads REQUIRED)
target_link_libraries(rowhook_flags INTERFACE Threads::Threads)

# One precompiled header of the standard library, shared by every room and test.
file(WRITE "${CMAKE_BINARY_DIR}/pch.cpp" "")
add_library(rowhook_pch STATIC "${CMAKE_BINARY_DIR}/pch.cpp")
target_link_libraries(rowhook_pch PUBLIC rowhook_flags)
target_precompile_headers(rowhook_pch PRIVATE
  <algorithm> <array> <atomic> <chrono> <condition_variable> <cstdint> <deque> <functional> <map> <memory> <mutex>
  <optional> <set> <span> <stdexcept> <string> <string_view> <thread> <tuple> <unordered_map> <utility> <variant>
  <vector> <nlohmann/json.hpp>)

# The same and GoogleTest, for the tests.
if(ROWHOOK_TESTS)
  add_library(rowhook_test_pch STATIC "${CMAKE_BINARY_DIR}/pch.cpp")
  target_link_libraries(rowhook_test_pch PUBLIC rowhook_flags GTest::gmock)
  target_precompile_headers(rowhook_test_pch PRIVATE
    <algorithm> <array> <atomic> <chrono> <condition_variable> <cstdint> <deque> <functional> <map> <memory> <mutex>
    <optional> <set> <span> <stdexcept> <string> <string_view> <thread> <tuple> <unordered_map> <utility> <variant>
    <vector> <nlohmann/json.hpp> <gmock/gmock.h> <gtest/gtest.h>)
endif()

function(rowhook_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;LINK" ${ARGN})
  add_library(rowhook_${name} STATIC ${ROOM_SOURCES})
  target_link_libraries(rowhook_${name} PUBLIC rowhook_flags ${ROOM_LINK})
  target_precompile_headers(rowhook_${name} REUSE_FROM rowhook_pch)
endfunction()

add_custom_target(end_to_end_tests)  # those labelled end-to-end or crash: what runs against the release build
add_custom_target(unit_tests)        # those labelled unit: what runs under the sanitizers each time
function(rowhook_test name)
  cmake_parse_arguments(T "" "TIMEOUT" "SOURCES;LINK;LABELS" ${ARGN})
  if(NOT ROWHOOK_TESTS)
    return()
  endif()
  add_executable(${name} ${T_SOURCES})
  target_link_libraries(${name} PRIVATE ${T_LINK} rowhook_flags GTest::gmock GTest::gtest_main)
  target_precompile_headers(${name} REUSE_FROM rowhook_test_pch)
  if("end-to-end" IN_LIST T_LABELS OR "crash" IN_LIST T_LABELS)
    add_dependencies(end_to_end_tests ${name})
  endif()
  if("unit" IN_LIST T_LABELS)
    add_dependencies(unit_tests ${name})
  endif()
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 300)
  endif()
  set_tests_properties(${name} PROPERTIES LABELS "${T_LABELS}" TIMEOUT ${T_TIMEOUT})
endfunction()

add_custom_target(fuzzers)  # all of them; nothing else is built with the fuzz preset
function(rowhook_fuzzer name)
  cmake_parse_arguments(F "" "" "SOURCES;LINK" ${ARGN})
  if(NOT ROWHOOK_FUZZ)
    return()
  endif()
  # clang before 16 cannot compile libstdc++'s coroutines under the sanitizers, which these rooms use.
  if(CMAKE_CXX_COMPILER_VERSION VERSION_LESS 16 AND "${F_LINK}" MATCHES "rowhook_(workflows|execution|store|web|app)")
    message(STATUS "${name} needs clang 16 or newer: left out")
    return()
  endif()
  add_executable(${name} ${F_SOURCES})
  target_link_libraries(${name} PRIVATE ${F_LINK} rowhook_flags)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  add_dependencies(fuzzers ${name})
  add_test(NAME ${name} COMMAND ${name} -runs=200000 -max_total_time=60 -print_final_stats=1)
  set_tests_properties(${name} PROPERTIES LABELS fuzz TIMEOUT 180)
endfunction()
