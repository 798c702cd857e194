#include "muster/tests/support/case_stage.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <regex>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/check.h"
#include "muster/tests/support/child_process.h"
#include "muster/tests/support/rights.h"

namespace muster::tests {
namespace {

namespace fs = std::filesystem;

// Under /tmp; everybody may look into it.
std::string MakeOpenFolder() {
  char name[] = "/tmp/muster-mistake-XXXXXX";
  MUSTER_CHECK(::mkdtemp(name) != nullptr, "mkdtemp");
  ::chmod(name, 0755);
  return name;
}

void RemoveFolder(const std::string& path) {
  std::error_code ignored;
  fs::remove_all(path, ignored);
}

// The three programs side by side, as they are installed, where everybody may run them.
const std::string& Programs() {
  struct Copies {
    const std::string folder = MakeOpenFolder();
    ~Copies() { RemoveFolder(folder); }
  };
  static const Copies copies;
  static const bool are_made = [] {
    for (const char* program : {"master/master", "worker/worker", "ctl/ctl"}) {
      const fs::path to = fs::path(copies.folder) / fs::path(program).filename();
      fs::copy_file(program, to);
      ::chmod(to.c_str(), 0755);
    }
    return true;
  }();
  MUSTER_CHECK(are_made, "copies of the programs");
  return copies.folder;
}

// Whether `prepare` works in a child.
bool Works(const std::string& folder, const std::function<bool()>& prepare) {
  return ChildProcess(folder, {"/bin/true"}, {}, prepare).Wait() == 0;
}

// Each file below `folder` with all that stat tells of it, but for the time of the last reading.
std::string Tree(const std::string& folder) {
  std::vector<std::string> lines;
  const auto options = fs::directory_options::skip_permission_denied;
  for (const auto& entry : fs::recursive_directory_iterator(folder, options)) {
    struct stat status = {};
    ::lstat(entry.path().c_str(), &status);
    lines.push_back(absl::StrCat(entry.path().string(), " mode ", status.st_mode, " inode ",
                                 status.st_ino, " size ", status.st_size, " modified ",
                                 status.st_mtim.tv_sec, ".", status.st_mtim.tv_nsec, " changed ",
                                 status.st_ctim.tv_sec, ".", status.st_ctim.tv_nsec));
  }
  std::sort(lines.begin(), lines.end());
  return absl::StrJoin(lines, "\n");
}

// "a 'b c' ''" → a, b c and nothing.
std::vector<std::string> Words(const std::string& command) {
  std::vector<std::string> words;
  const std::regex word("'([^']*)'|([^ ]+)");
  for (std::sregex_iterator i(command.begin(), command.end(), word), end; i != end; ++i) {
    words.push_back((*i)[1].matched ? (*i)[1].str() : (*i)[2].str());
  }
  return words;
}

void Require(bool is_done) { MUSTER_CHECK(is_done, "a step of a case"); }

// \xHH, \r and \n.
void WriteBytes(const std::string& path, absl::string_view escaped) {
  std::string bytes;
  for (escaped = absl::StripLeadingAsciiWhitespace(escaped); !escaped.empty();) {
    if (absl::ConsumePrefix(&escaped, "\\n")) {
      bytes += '\n';
    } else if (absl::ConsumePrefix(&escaped, "\\r")) {
      bytes += '\r';
    } else if (absl::ConsumePrefix(&escaped, "\\x")) {
      bytes += absl::HexStringToBytes(escaped.substr(0, 2));
      escaped.remove_prefix(2);
    } else {
      bytes += escaped[0];
      escaped.remove_prefix(1);
    }
  }
  WriteFile(path, bytes);
}

ipc::UniqueFd Bind(const std::string& path) {
  ipc::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  Require(path.size() < sizeof(address.sun_path));
  std::memcpy(address.sun_path, path.data(), path.size());
  Require(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
  return fd;
}

void NeedPrivilegedPorts() {
  std::ifstream file("/proc/sys/net/ipv4/ip_unprivileged_port_start");
  int first = 1024;
  file >> first;
  if (first != 1024) GTEST_SKIP() << "here ports from " << first << " on are for everybody";
}

}  // namespace

CaseStage::CaseStage() : muster_(/*config=*/"", /*worker=*/""), outputs_(MakeOpenFolder()) {
  ::chmod(muster_.folder().c_str(), 0755);
  ::chmod(At("site").c_str(), 0755);
  fs::remove(At("muster.textproto"));
  Know("folder", muster_.folder());
  Know("bin", Programs());
  struct sysinfo machine = {};
  ::sysinfo(&machine);
  Know("half of the memory", absl::StrCat(std::uint64_t{machine.totalram} * machine.mem_unit / 2));
}

CaseStage::~CaseStage() {
  // What may not be entered cannot be removed.
  for (const std::string& path : changed_) ::chmod(path.c_str(), 0755);
  RemoveFolder(outputs_);
}

void CaseStage::Know(const std::string& name, const std::string& value) {
  known_.emplace_back(absl::StrCat("{", name, "}"), value);
}

void CaseStage::Perform(const CaseStep& step) {
  const std::string argument = absl::StrReplaceAll(step.argument, known_);
  const std::vector<std::string> words = Words(argument);
  if (step.verb == "$") return Run(step, argument);
  if (step.verb == "as" && argument == "nobody") return LoseRightsFromHereOn();
  if (step.verb == "read-only") return MakeReadOnlyFromHereOn();
  if (step.verb == "needs" && argument == "privileged ports") return NeedPrivilegedPorts();
  if (step.verb == "start") return Start();
  MUSTER_CHECK(!words.empty(), step.verb.c_str());
  const std::string path = At(words[0]);
  if (step.verb == "file") return WriteFile(path, absl::StrReplaceAll(step.text, known_));
  if (step.verb == "bytes") return WriteBytes(path, argument.substr(words[0].size()));
  if (step.verb == "folder") return Require(fs::create_directories(path));
  if (step.verb == "pipe") return Require(::mkfifo(path.c_str(), 0644) == 0);
  if (step.verb == "link") return fs::create_symlink(words.at(1), path);
  if (step.verb == "size") return fs::resize_file(path, std::stoull(words.at(1)));
  if (step.verb == "mode") {
    changed_.push_back(path);
    return Require(::chmod(path.c_str(), std::stoul(words.at(1), nullptr, 8)) == 0);
  }
  if (step.verb == "remove") return Require(fs::remove(path));
  if (step.verb == "left-socket") return Bind(path).reset();
  if (step.verb == "listen") return Listen(words);
  MUSTER_CHECK(false, absl::StrCat(step.place, ": ", step.verb).c_str());
}

ipc::UniqueFd CaseStage::BindTcp(int port) {
  ipc::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;  // whoever keeps a port for this has not listened there
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  Require(::bind(fd.get(), generic, size) == 0 && ::getsockname(fd.get(), generic, &size) == 0);
  Know("taken", absl::StrCat(ntohs(address.sin_port)));
  return fd;
}

void CaseStage::Listen(const std::vector<std::string>& words) {
  const int port = words.size() > 1 ? std::stoi(words[1]) : 0;
  listeners_.push_back(words[0] == "tcp" ? BindTcp(port) : Bind(At(words[0])));
  Require(::listen(listeners_.back().get(), 8) == 0);
}

// Of muster.textproto, with an admin socket admin.sock. {pid} and {port} are its own.
void CaseStage::Start() {
  ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
  is_started_ = true;
  Know("pid", absl::StrCat(muster_.master().pid()));
  const std::string address = muster_.address();
  Know("port", address.substr(address.rfind(':') + 1));
}

void CaseStage::LoseRightsFromHereOn() {
  if (!Works(outputs_, LoseRights)) GTEST_SKIP() << "this process cannot become another user";
  lose_rights_ = true;
}

void CaseStage::MakeReadOnlyFromHereOn() {
  is_read_only_ = true;
  if (!Works(outputs_, Preparation())) GTEST_SKIP() << "no file system can be mounted here";
}

std::function<bool()> CaseStage::Preparation() const {
  return [this] {
    if (is_read_only_ && !MakeReadOnly(muster_.folder())) return false;
    if (::chdir(muster_.folder().c_str()) != 0) return false;
    return !lose_rights_ || LoseRights();
  };
}

void CaseStage::Run(const CaseStep& step, const std::string& command) {
  std::vector<std::string> words = Words(command);
  const bool is_test = words.at(0) == "master" && absl::StrContains(command, " -t");
  words[0] = absl::StrCat(Programs(), "/", words[0]);
  const std::string before = Tree(muster_.folder());
  ChildProcess child(outputs_, words, {}, Preparation());
  const std::optional<int> exit = child.Wait();
  ASSERT_TRUE(exit.has_value()) << step.place << ": " << command << ": did not end";
  const std::string told = AsExpectation(Normal(child.output()), Normal(child.errors()), *exit);
  EXPECT_TRUE(told == AsExpectation(step.output, step.errors, step.exit))
      << step.place << ": it is now\n$ " << step.argument << "\n"
      << told;
  if (is_test && !is_started_) {
    EXPECT_EQ(Tree(muster_.folder()), before) << "-t changed it";
  }
}

std::string CaseStage::Normal(std::string text) const {
  std::vector<std::pair<std::string, std::string>> known = known_;
  std::sort(known.begin(), known.end(),
            [](const auto& a, const auto& b) { return a.second.size() > b.second.size(); });
  for (const auto& [name, value] : known) {
    // A number may be part of another one.
    if (value.find_first_not_of("0123456789") == value.npos) {
      text = std::regex_replace(text, std::regex(absl::StrCat("\\b", value, "\\b")), name);
    } else {
      text = absl::StrReplaceAll(text, {{value, name}});
    }
  }
  const std::pair<const char*, const char*> patterns[] = {
      {R"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3})", "{time}"},
      {R"(\bin \d+(\.\d+)?m?s\b)", "in {took}"},
      {R"(run ctl as (?!the user)(user )?\S+)", "run ctl as {user}"},
      {R"(\blistening on 127\.0\.0\.1:\d+)", "listening on 127.0.0.1:{port}"},
      {R"(\(pid \d+\))", "(pid {worker})"},
      {R"(\bof which \d+ are\b)", "of which {available} are"},
  };
  for (const auto& [pattern, name] : patterns) {
    text = std::regex_replace(text, std::regex(pattern), name);
  }
  return text;
}

}  // namespace muster::tests
