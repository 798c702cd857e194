// Serves HTTP in the sandbox, with two handlers. "try" makes all calls that a sandbox may be about,
// and answers with a line for each: its name, and the name of the errno that it got, or "ok".
// "spin" never returns. Variables of the environment have what the program says that it needs:
// BOX_FOLDER, a folder with readable/ and writable/; BOX_WRITES and BOX_CONNECTS, if they are set;
// BOX_CALL, the name of a system call. BOX_THREAD has it start a thread too early.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <spawn.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/worker/http/handler.h"
#include "muster/worker/http/http_program.h"
#include "muster/worker/runtime/run_worker.h"

namespace {

namespace http = muster::worker::http;
using muster::ipc::UniqueFd;

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string Path(const std::string& name) {
  return absl::StrCat(Variable("BOX_FOLDER"), "/", name);
}

long Open(const std::string& path, int flags) {
  return UniqueFd(::open(path.c_str(), flags | O_CLOEXEC, 0644)).get();
}

// Of a child that was made after all.
long Reap(long pid) {
  if (pid == 0) ::_exit(0);
  if (pid > 0) ::waitpid(static_cast<pid_t>(pid), nullptr, 0);
  return pid;
}

long Spawn() {
  char name[] = "true";
  char* const argv[] = {name, nullptr};
  pid_t pid = -1;
  errno = ::posix_spawn(&pid, "/bin/true", nullptr, nullptr, argv, ::environ);
  return errno == 0 ? Reap(pid) : -1;
}

long Connect() {
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return -1;
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  address.sin_port = ::htons(1);
  return ::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address));
}

long StartThread() {
  std::atomic<bool> has_run{false};
  std::thread([&] { has_run = true; }).join();
  return has_run ? 0 : -1;
}

// A descriptor passes over a pair of sockets, as connections do that are handed off.
long PassDescriptor() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) return -1;
  const UniqueFd one(ends[0]);
  const UniqueFd other(ends[1]);
  const UniqueFd memory(::memfd_create("passed", MFD_CLOEXEC));
  char byte = 'x';
  iovec bytes = {&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  const int passed = memory.get();
  std::memcpy(CMSG_DATA(header), &passed, sizeof(passed));
  if (::sendmsg(one.get(), &message, MSG_NOSIGNAL) < 0) return -1;
  if (::recvmsg(other.get(), &message, MSG_CMSG_CLOEXEC) < 0) return -1;
  const cmsghdr* const received_header = CMSG_FIRSTHDR(&message);
  if (received_header == nullptr) return -1;
  int received = -1;
  std::memcpy(&received, CMSG_DATA(received_header), sizeof(received));
  return UniqueFd(received).get();
}

// Each of them could send to any socket of datagrams, by its path.
long MakePairOfDatagrams() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends) < 0) return -1;
  const UniqueFd one(ends[0]);
  const UniqueFd other(ends[1]);
  return 0;
}

// The file that the variable TZ names has three hours.
long UseTimeZone() {
  const time_t now = ::time(nullptr);
  tm local = {};
  ::localtime_r(&now, &local);
  errno = ERANGE;
  return local.tm_gmtoff == 3L * 3600 ? 0 : -1;
}

long Change(const std::string& folder) {
  const std::string from = absl::StrCat(folder, "/from");
  const std::string to = absl::StrCat(folder, "/to");
  if (Open(from, O_WRONLY | O_CREAT) < 0 || ::rename(from.c_str(), to.c_str()) < 0) return -1;
  return ::unlink(to.c_str());
}

struct Attempt {
  const char* name;
  std::function<long()> call;
};

std::vector<Attempt> Attempts() {
  const pid_t master = ::getppid();
  const std::string outside = Path("outside.txt");
  return {
      // What workers do.
      {"read-inside", [] { return Open(Path("readable/file.txt"), O_RDONLY); }},
      {"read-own-proc", [] { return Open("/proc/self/status", O_RDONLY); }},
      {"thread", StartThread},
      {"pass-descriptor", PassDescriptor},
      {"raise-own-signal", [] { return static_cast<long>(std::raise(SIGCHLD)); }},
      {"use-time-zone", UseTimeZone},
      {"map-memory",
       [] {
         void* const at =
             ::mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
         return at == MAP_FAILED ? -1L : static_cast<long>(::munmap(at, 4096));
       }},
      // Files.
      {"read-shadow", [] { return Open("/etc/shadow", O_RDONLY); }},
      {"read-outside", [=] { return Open(outside, O_RDONLY); }},
      {"read-folder-outside", [] { return Open("/etc", O_RDONLY | O_DIRECTORY); }},
      {"read-other-process",
       [=] { return Open(absl::StrCat("/proc/", master, "/status"), O_RDONLY); }},
      {"write-outside", [=] { return Open(outside, O_WRONLY); }},
      {"write-inside-readable", [] { return Open(Path("readable/file.txt"), O_WRONLY); }},
      {"make-outside", [] { return Open(Path("new.txt"), O_WRONLY | O_CREAT); }},
      {"make-beside-log", [] { return Open(Path("logs/new"), O_WRONLY | O_CREAT); }},
      {"rewrite-log", [] { return Open(Path("logs/access.log"), O_WRONLY); }},
      {"change-writable", [] { return Change(Path("writable")); }},
      {"change-outside", [] { return Change(Path("elsewhere")); }},
      {"unlink", [] { return ::unlink(Path("unlinked.txt").c_str()); }},
      {"mkdir", [] { return ::mkdir(Path("made").c_str(), 0755); }},
      {"symlink", [] { return ::symlink("/etc", Path("link").c_str()); }},
      {"truncate", [=] { return ::truncate(outside.c_str(), 0); }},
      {"chmod", [=] { return ::chmod(outside.c_str(), 0600); }},
      {"chroot", [] { return ::chroot("/nowhere"); }},
      {"mount", [] { return ::mount(nullptr, "/nowhere", "tmpfs", 0, nullptr); }},
      {"umount", [] { return ::umount("/nowhere"); }},
      // Processes.
      {"fork", [] { return Reap(::fork()); }},
      {"spawn", Spawn},
      {"execve", [] { return ::execl("/nowhere", "nowhere", nullptr); }},
      {"kill-master", [=] { return ::kill(master, 0); }},
      {"kill-group", [] { return ::kill(0, 0); }},
      {"own-another", [=] { return ::fcntl(STDERR_FILENO, F_SETOWN, master); }},
      {"pidfd-signal",
       [=] {
         const UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_open, master, 0)));
         return ::syscall(SYS_pidfd_send_signal, fd.get(), 0, nullptr, 0);
       }},
      {"ptrace", [] { return ::ptrace(PTRACE_DETACH, ::getpid(), nullptr, nullptr); }},
      {"read-memory-of-master",
       [=] {
         char byte = 0;
         iovec local = {&byte, 1};
         return ::process_vm_readv(master, &local, 1, &local, 1, 0);
       }},
      {"setuid", [] { return ::setuid(::getuid()); }},
      {"personality", [] { return ::personality(0xffffffff); }},
      {"unshare", [] { return ::unshare(0); }},
      {"setns", [] { return ::setns(-1, 0); }},
      // The network.
      {"socket", [] { return UniqueFd(::socket(AF_INET, SOCK_STREAM, 0)).get(); }},
      {"socket-unix", [] { return UniqueFd(::socket(AF_UNIX, SOCK_STREAM, 0)).get(); }},
      {"socket-packet", [] { return UniqueFd(::socket(AF_PACKET, SOCK_RAW, 0)).get(); }},
      {"connect", Connect},
      {"datagram-pair", MakePairOfDatagrams},
      // The kernel.
      {"bpf", [] { return ::syscall(SYS_bpf, 9999, nullptr, 0); }},
      {"io-uring", [] { return ::syscall(SYS_io_uring_setup, 0, nullptr); }},
      {"perf", [] { return ::syscall(SYS_perf_event_open, nullptr, 0, -1, -1, 0); }},
      {"userfaultfd", [] { return ::syscall(SYS_userfaultfd, ~0); }},
      {"keyctl", [] { return ::syscall(SYS_keyctl, ~0); }},
      {"init-module", [] { return ::syscall(SYS_init_module, nullptr, 0, nullptr); }},
      {"reboot", [] { return ::syscall(SYS_reboot, 0, 0, 0, nullptr); }},
      {"type-into-terminal", [] { return ::ioctl(STDIN_FILENO, TIOCSTI, "x"); }},
      {"inotify", [] { return UniqueFd(::inotify_init1(0)).get(); }},
#ifdef __x86_64__
      {"x32", [] { return ::syscall(0x40000000 | SYS_getpid); }},
#endif
  };
}

http::Response TryAll(const http::Request&) {
  std::string lines;
  for (const Attempt& attempt : Attempts()) {
    errno = 0;
    const long result = attempt.call();
    absl::StrAppend(&lines, attempt.name, " ", result < 0 ? ::strerrorname_np(errno) : "ok", "\n");
  }
  return {.body = lines};
}

// Named in stacks.
[[gnu::noinline]] void SpinInSandbox() {
  for (std::atomic<int> turns{0};;) ++turns;
}

http::Response Spin(const http::Request&) {
  SpinInSandbox();
  return {};
}

absl::StatusOr<muster::worker::SandboxNeeds> Needs(const muster::config::v1::Config&) {
  muster::worker::SandboxNeeds needs;
  needs.read = {Path("readable")};
  if (!Variable("BOX_WRITES").empty()) needs.write = {Path("writable")};
  needs.connects = !Variable("BOX_CONNECTS").empty();
  if (!Variable("BOX_CALL").empty()) needs.system_calls = {Variable("BOX_CALL")};
  return needs;
}

}  // namespace

int main(int argc, char** argv) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::atomic<bool> is_over{false};
  std::thread early;
  if (!Variable("BOX_THREAD").empty()) {
    early = std::thread([&] {
      while (!is_over) ::usleep(1000);
    });
  }
  muster::worker::Program program =
      http::HttpProgram({{"try", http::AnswerWith(TryAll)}, {"spin", http::AnswerWith(Spin)}});
  program.sandbox = Needs;
  const int code = muster::worker::RunWorker(argc, argv, program);
  is_over = true;
  if (early.joinable()) early.join();
  return code;
}
