#include "engine/app/cli.h"
#include "scripting/script_engine.h"

int main(int argc, char** argv) {
  rowhook::run_script_host_if_asked(argc, argv);
  return rowhook::run_command_line(argc, argv);
}
