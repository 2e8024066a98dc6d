# Run as a script: npm ci in FOLDER unless what is installed came from the very lock file that is there. Several build
# directories share FOLDER/node_modules. npm's cache is asked before the network. With INSTALL_MAY_FAIL, sets
# INSTALL_PROBLEM instead of failing.
cmake_minimum_required(VERSION 3.25)
set(INSTALL_PROBLEM "")
file(LOCK "${FOLDER}/.npm-lock" TIMEOUT 900)
file(SHA256 "${FOLDER}/package-lock.json" wanted)
set(present "")
if(EXISTS "${FOLDER}/node_modules/.rowhook-installed")
  file(READ "${FOLDER}/node_modules/.rowhook-installed" present)
endif()
if(NOT present STREQUAL wanted)
  execute_process(COMMAND "${NPM}" ci --prefer-offline --no-audit --no-fund --loglevel=error WORKING_DIRECTORY "${FOLDER}"
                  RESULT_VARIABLE failed OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(failed)
    string(STRIP "${output}" INSTALL_PROBLEM)
  else()
    file(WRITE "${FOLDER}/node_modules/.rowhook-installed" "${wanted}")
  endif()
endif()
file(LOCK "${FOLDER}/.npm-lock" RELEASE)
if(INSTALL_PROBLEM AND NOT INSTALL_MAY_FAIL)
  message(FATAL_ERROR "npm ci failed in ${FOLDER}: ${INSTALL_PROBLEM}")
endif()
