# rowhook_embed(OUT_VARIABLE FUNCTION BASE FILES...): a generated source file that defines
#   const std::map<std::string, std::string>& rowhook::FUNCTION();
# which maps each file's path relative to BASE to its text. Declared by hand where it is used.
function(rowhook_embed out function base)
  set(generated "${CMAKE_CURRENT_BINARY_DIR}/${function}.cpp")
  string(REPLACE ";" "|" files "${ARGN}")
  add_custom_command(
    OUTPUT "${generated}"
    COMMAND "${CMAKE_COMMAND}" "-DOUT=${generated}" "-DFUNCTION=${function}" "-DBASE=${base}" "-DFILES=${files}"
            -P "${CMAKE_SOURCE_DIR}/cmake/EmbedFiles.cmake"
    DEPENDS ${ARGN} "${CMAKE_SOURCE_DIR}/cmake/EmbedFiles.cmake"
    VERBATIM)
  set(${out} "${generated}" PARENT_SCOPE)
endfunction()
