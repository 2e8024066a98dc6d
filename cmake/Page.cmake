# rowhook_page(OUT_VARIABLE): a generated source file that holds the built page of web/ui (see web/server/assets.h).
# npm and vite run only when something under web/ui has changed. Without node 18 and npm the program has no page and says so.
find_program(NODE node)
find_program(NPM npm)

function(rowhook_page out)
  set(ui "${CMAKE_SOURCE_DIR}/web/ui")
  set(generated "${CMAKE_CURRENT_BINARY_DIR}/page_files.cpp")
  set(blob "${CMAKE_CURRENT_BINARY_DIR}/page_files.bin")
  # A page that could not be built the last time (no network for npm) is tried again with every configuration.
  if(EXISTS "${generated}.left-out")
    file(REMOVE "${generated}" "${generated}.left-out")
  endif()
  file(GLOB_RECURSE inputs CONFIGURE_DEPENDS "${ui}/src/*" "${ui}/public/*" "${ui}/tools/*")
  list(FILTER inputs EXCLUDE REGEX "\\.test\\.ts$")
  add_custom_command(
    OUTPUT "${generated}" "${blob}"
    COMMAND "${CMAKE_COMMAND}" "-DUI=${ui}" "-DOUT=${generated}" "-DBLOB=${blob}" "-DNODE=${NODE}" "-DNPM=${NPM}"
            -P "${CMAKE_SOURCE_DIR}/cmake/BuildPage.cmake"
    DEPENDS ${inputs} "${ui}/index.html" "${ui}/package.json" "${ui}/package-lock.json" "${ui}/tsconfig.json" "${ui}/vite.config.ts"
            "${CMAKE_SOURCE_DIR}/cmake/BuildPage.cmake" "${CMAKE_SOURCE_DIR}/cmake/InstallPackages.cmake"
    COMMENT "Building the page"
    VERBATIM)
  set_source_files_properties("${generated}" PROPERTIES OBJECT_DEPENDS "${blob}" SKIP_PRECOMPILE_HEADERS ON)
  set(${out} "${generated}" PARENT_SCOPE)
endfunction()
