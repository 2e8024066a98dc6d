#include "scripting/host/jail.h"

#include <grp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>

#include "engine/base/errors.h"
#include "scripting/host/sanitized.h"

namespace rowhook {
namespace {

constexpr unsigned nobody = 65534;

void require(bool done, const char* what) {
  if (!done) throw PermanentError(std::string("script host: ") + what + ": " + std::strerror(errno));
}

void limit(__rlimit_resource resource, rlim_t most) {
  const rlimit value{most, most};
  require(::setrlimit(resource, &value) == 0, "limit cannot be set");
}

void drop_root() {
  if (::geteuid() != 0) return;
  require(::setgroups(0, nullptr) == 0, "groups cannot be dropped");
  require(::setresgid(nobody, nobody, nobody) == 0, "group cannot be changed");
  require(::setresuid(nobody, nobody, nobody) == 0, "user cannot be changed");
}

}  // namespace

void give_up_privileges(int engine_pid, std::size_t address_space) {
  // A terminal's Ctrl-C or a supervisor's SIGTERM goes to the whole group: the engine drains, and ends its
  // hosts itself.
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) ::signal(signal, SIG_IGN);
  require(::chdir("/") == 0, "directory cannot be left");
  drop_root();
  require(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
  if (!sanitized) require(::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0, "dumpable");
  // After the change of user, which resets it.
  require(::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0, "parent death signal");
  if (::getppid() != engine_pid) ::_exit(0);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_FSIZE, 0);
  limit(RLIMIT_MSGQUEUE, 0);
  limit(RLIMIT_MEMLOCK, 0);
  if (sanitized) return;
  limit(RLIMIT_NOFILE, 0);
  limit(RLIMIT_AS, address_space);
}

void give_up_system_calls(bool jit) {
  if (sanitized) return;
  const std::unique_ptr<void, decltype(&seccomp_release)> filter(seccomp_init(SCMP_ACT_KILL_PROCESS),
                                                                 seccomp_release);
  require(filter != nullptr, "no system call filter");
  const auto allow = [&](int call) {
    require(seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 0) == 0, "system call filter");
  };
  for (const int call : {SCMP_SYS(futex), SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(rt_sigreturn),
                         SCMP_SYS(rt_sigprocmask), SCMP_SYS(restart_syscall), SCMP_SYS(clock_gettime),
                         SCMP_SYS(gettimeofday), SCMP_SYS(munmap), SCMP_SYS(brk), SCMP_SYS(madvise),
                         SCMP_SYS(getrandom), SCMP_SYS(sched_yield), SCMP_SYS(getpid), SCMP_SYS(gettid)})
    allow(call);
  // Memory, but none that can be executed, unless scripts are compiled.
  for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)})
    require(jit ? seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 0) == 0
                : seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 1,
                                   SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0,
            "system call filter");
  allow(SCMP_SYS(mremap));
  // The C library looks into /proc and /sys when memory runs short, and goes on without an answer.
  for (const int call : {SCMP_SYS(open), SCMP_SYS(openat)})
    require(seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EACCES), call, 0) == 0, "system call filter");
  require(seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1) == 0, "system call filter");
  require(seccomp_load(filter.get()) == 0, "system call filter");
}

}  // namespace rowhook
