#include "muster/tests/chaos/stage.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/check.h"
#include "muster/tests/chaos/client.h"
#include "muster/tests/support/child_process.h"

namespace muster::tests::chaos {
namespace {

// Long enough for all that happens, so that no connection ends by one of them.
constexpr char kPatientHttp[] = R"(
  keepalive_timeout { seconds: 3600 }
  header_timeout { seconds: 3600 }
  body_timeout { seconds: 3600 }
  send_timeout { seconds: 3600 }
  min_body_bytes_per_second: 0
)";

std::string TextOf(std::chrono::milliseconds time) {
  return absl::StrCat("{ seconds: ", time.count() / 1000, " nanos: ", time.count() % 1000 * 1000000,
                      " }");
}

}  // namespace

Stage::Stage() : muster_("", ""), worker_(std::filesystem::absolute("worker/worker").string()) {
  WriteFile(muster_.path("site/big"), std::string(kBigFileBytes, 'b'));
  MUSTER_CHECK(::mkfifo(log_fifo().c_str(), 0600) == 0, "mkfifo");
  MUSTER_CHECK(::mkfifo(access_fifo().c_str(), 0600) == 0, "mkfifo");
  WriteProgram("exits", "#!/bin/sh\nexit 3\n");
  WriteProgram("hangs", "#!/bin/sh\nexec sleep 600\n");
  const std::string lock = muster_.path("one-started");
  WriteProgram("one", absl::StrCat("#!/bin/sh\nif mkdir ", lock, " 2>/dev/null; then exec ",
                                   worker_, "; fi\nexit 3\n"));
  WriteProgram("one-others-hang",
               absl::StrCat("#!/bin/sh\nif mkdir ", lock, " 2>/dev/null; then exec ", worker_,
                            "; fi\nexec sleep 600\n"));

  occupied_ = ipc::UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  MUSTER_CHECK(
      ::bind(occupied_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0 &&
          ::listen(occupied_.get(), 1) == 0 &&
          ::getsockname(occupied_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0,
      "an address in use");
  occupied_address_ = absl::StrCat("127.0.0.1:", ntohs(address.sin_port));
}

void Stage::WriteProgram(const std::string& name, const std::string& text) const {
  WriteFile(muster_.path(name), text);
  MUSTER_CHECK(::chmod(muster_.path(name).c_str(), 0700) == 0, "chmod");
}

std::string Stage::Text(const Settings& settings, int number, const std::string& program,
                        const std::string& more, const std::string& http) const {
  constexpr const char* kAccept[] = {"EXCLUSIVE", "MUTEX", "REUSEPORT"};
  constexpr const char* kLog[] = {"", "log { path: 'log.fifo' }\n", "log { path: 'master.log' }\n"};
  constexpr const char* kAccessLog[] = {"  access_log { path: 'access.log' }\n",
                                        "  access_log { path: 'access.fifo' }\n", ""};
  return absl::StrCat(
      "worker_processes: ", settings.workers, "\nlisten { address: '127.0.0.1:0' }\n",
      "accept: ", kAccept[static_cast<int>(settings.accept)],
      "\naccept_delay { nanos: 50000000 }\nworker_connections: ", settings.connections,
      "\nmax_generations: ", settings.generations,
      "\nadmin { listen: 'unix:admin.sock' }\npid_file: 'muster.pid'\nworker_binary: '", program,
      "'\nshutdown_timeout ", TextOf(kShutdownTimeout), "\ndrain_ack_timeout ",
      TextOf(std::chrono::milliseconds(1000)), "\ncrash_loop_limit: 1000000\n",
      kLog[static_cast<int>(settings.log)], more, "http {\n  header { name: 'X-Config' value: '",
      number, "' always: true }\n  location { path: '/big' root: 'site' }\n",
      "  location { path: '/small' return { body: 'small' } }\n",
      "  location { path: '/post' return { body: 'post' } }\n", kPatientHttp,
      kAccessLog[static_cast<int>(settings.access_log)], http, "}\n");
}

void Stage::Write(const Settings& settings, int number) {
  muster_.WriteConfig(Text(settings, number, worker_, "", ""));
}

void Stage::WriteOnTrial(const Settings& settings, int number, std::chrono::seconds trial) {
  const std::string more = absl::StrCat("trial { duration { seconds: ", trial.count(),
                                        " } max_crashes: ", kCrashesOfTrial, " }\n");
  muster_.WriteConfig(Text(settings, number, worker_, more, ""));
}

void Stage::Write(const Settings& settings, int number, Mistake mistake) {
  std::string program = worker_;
  std::string more;
  std::string http;
  switch (mistake) {
    case Mistake::kSyntax:
    case Mistake::kUnknownField:
      more = "worker_proceses: 3\n";
      break;
    case Mistake::kAddressInUse:
      more = absl::StrCat("listen { address: '", occupied_address_, "' }\n");
      break;
    case Mistake::kNoProgram:
      program = "missing";
      break;
    case Mistake::kWorkersExit:
      program = "exits";
      break;
    case Mistake::kWorkersHang:
      program = "hangs";
      more = "ready_timeout { nanos: 300000000 }\n";
      break;
    case Mistake::kOneWorkerOnly:
      ::rmdir(muster_.path("one-started").c_str());
      program = "one";
      break;
    case Mistake::kOthersHang:
      ::rmdir(muster_.path("one-started").c_str());
      program = "one-others-hang";
      more = "ready_timeout { nanos: 400000000 }\n";
      break;
    case Mistake::kDescribeHangs:
      program = "hangs";
      http = "  location { path: '/h' handler: 'h' }\n";
      break;
  }
  Settings of_mistake = settings;
  // Of one worker, the one would be all.
  const bool is_of_one = mistake == Mistake::kOneWorkerOnly || mistake == Mistake::kOthersHang;
  if (is_of_one && of_mistake.workers < 2) of_mistake.workers = 2;
  const std::string text = Text(of_mistake, number, program, more, http);
  muster_.WriteConfig(mistake == Mistake::kSyntax ? text.substr(0, text.size() / 2) : text);
}

}  // namespace muster::tests::chaos
