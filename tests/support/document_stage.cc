#include "muster/tests/support/document_stage.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <regex>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/check.h"

namespace muster::tests {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr char kShownFolder[] = "/srv/muster";
const char* const kShownPorts[] = {"8080", "8081"};

std::string MakeFolder() {
  char name[] = "/tmp/muster-document-XXXXXX";
  MUSTER_CHECK(::mkdtemp(name) != nullptr, "mkdtemp");
  return name;
}

void WriteProgram(const std::string& path, const std::string& script) {
  WriteFile(path, absl::StrCat("#!/bin/sh\n", script, "\n"));
  ::chmod(path.c_str(), 0755);
}

// A port of the kernel's choice. As long as the socket is there the kernel gives it to nobody else;
// who names it, and sets SO_REUSEADDR as masters do, can listen there.
ipc::UniqueFd KeepPort(std::string* port) {
  ipc::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  MUSTER_CHECK(::bind(fd.get(), generic, size) == 0 && ::getsockname(fd.get(), generic, &size) == 0,
               "bind");
  *port = absl::StrCat(ntohs(address.sin_port));
  return fd;
}

// A command that only looks sees in the end what the document shows, and maybe not at once: a
// worker ends, or starts again, meanwhile.
bool OnlyLooks(const std::string& command) {
  static const std::regex looks("curl .*|.*\\bctl\\b.* (status|workers|stats)\\b.*");
  return std::regex_match(command, looks);
}

// With what a configuration has to have at least, where a document shows a part of one.
std::string Completed(const std::string& config) {
  std::string whole = config;
  if (!std::regex_search(config, std::regex("(^|\n)listen\\b"))) {
    absl::StrAppend(&whole, "listen { address: \"127.0.0.1:0\" }\n");
  }
  if (!std::regex_search(config, std::regex("(^|\n)(http|service)\\b"))) {
    absl::StrAppend(&whole, "http { location { path: \"/\" return {} } }\n");
  }
  return whole;
}

}  // namespace

DocumentStage::DocumentStage() : scratch_(MakeFolder()) {
  values_.Know(kShownFolder, stage_.folder());
  for (const char* shown : kShownPorts) {
    std::string port;
    kept_ports_.push_back(KeepPort(&port));
    values_.Know(shown, port);
  }
  const std::string bin = scratch_ + "/bin";
  fs::create_directory(bin);
  for (const char* program :
       {"master/master", "worker/worker", "ctl/ctl", "examples/chat/chat",
        "examples/counter/counter", "examples/echo/echo", "examples/hello/hello"}) {
    fs::create_symlink(fs::absolute(program), bin / fs::path(program).filename());
  }
  values_.Know("/usr/local/bin/worker", fs::absolute("worker/worker"));
}

DocumentStage::~DocumentStage() {
  serving_.clear();
  std::error_code ignored;
  fs::remove_all(scratch_, ignored);
}

void DocumentStage::Perform(const DocumentBlock& block) {
  absl::string_view steps = block.comment;
  steps.remove_prefix(std::min(steps.find('\n'), steps.size()));  // "case" or "same case"
  for (const CaseStep& step : ReadSteps(std::string(steps), block.path, block.comment_line)) {
    ASSERT_NO_FATAL_FAILURE(PerformStep(step, block));
  }
  if (block.language == "console") {
    TypeSession(block);
  } else if (block.language == "textproto" && !has_unused_file_) {
    CheckConfiguration(block);
  }
}

void DocumentStage::PerformStep(const CaseStep& step, const DocumentBlock& block) {
  if (step.verb == "tree") return MakeTree();
  if (step.verb == "worker") {
    worker_ = step.argument;
    return fs::create_symlink(scratch_ + "/bin/" + worker_, stage_.folder() + "/" + worker_);
  }
  if (step.verb == "request") return SendHalfARequest(step.argument);
  if (step.verb == "serves") {
    serving_commands_.insert(step.argument);
    return;
  }
  if (step.verb == "run") {
    const Command command = Start(step.argument);
    const std::string output = Await(command, nullptr);
    EXPECT_EQ(command.process->Wait(), 0) << step.place << ": " << step.argument << "\n" << output;
    return;
  }
  CaseStep actual = step;
  if (step.verb == "file" && step.text.empty()) {
    actual.text = block.text;
    has_unused_file_ = true;
  }
  actual.text = values_.Actual(actual.text);
  actual.argument = values_.Actual(actual.argument);
  stage_.Perform(actual);
}

// tools/run without what takes long or needs the network: everything is installed and built.
void DocumentStage::MakeTree() {
  const fs::path tree = stage_.folder();
  fs::create_directory(tree / "tools");
  for (const char* tool : {"tools/run", "tools/ctl"}) fs::copy_file(tool, tree / tool);
  WriteProgram(tree / "tools/setup", "exit 0");
  WriteProgram(scratch_ + "/bin/bazel", "exit 0");
  for (const char* program : {"master/master", "worker/worker", "ctl/ctl"}) {
    const fs::path built = tree / "bazel-bin" / program;
    fs::create_directories(built.parent_path());
    fs::create_symlink(fs::absolute(program), built);
  }
  for (const auto& entry : fs::recursive_directory_iterator("examples/site")) {
    if (entry.is_directory()) continue;
    const fs::path copy = tree / entry.path();
    fs::create_directories(copy.parent_path());
    WriteFile(copy, values_.Actual(ReadFile(entry.path())));
  }
}

void DocumentStage::SendHalfARequest(const std::string& path) {
  const std::string address = absl::StrCat("127.0.0.1:", values_.Actual(kShownPorts[0]));
  clients_.push_back(std::make_unique<HttpClient>(address));
  EXPECT_TRUE(clients_.back()->Send(
      absl::StrCat("POST ", path, " HTTP/1.1\r\nHost: muster\r\nContent-Length: 4\r\n\r\nha")));
}

void DocumentStage::TypeSession(const DocumentBlock& block) {
  has_unused_file_ = false;
  std::string command;
  std::string place;
  std::string shown;
  int number = block.line;
  // The last line types what is left.
  for (const absl::string_view line : absl::StrSplit(block.text + "$ ", '\n')) {
    ++number;
    absl::string_view typed = line;
    if (!absl::ConsumePrefix(&typed, "$ ")) {
      ASSERT_FALSE(command.empty()) << block.Place() << ": the first line is no command ($ ...)";
      absl::StrAppend(&shown, line, "\n");
      continue;
    }
    if (!command.empty()) Type(place, command, shown);
    command = std::string(typed);
    place = absl::StrCat(block.path, ":", number);
    shown.clear();
  }
}

void DocumentStage::Type(const std::string& place, const std::string& command,
                         const std::string& shown) {
  const bool serves = serving_commands_.count(command) > 0;
  const auto deadline = steady_clock::now() + kPatience;
  std::string output;
  do {
    Command typed = Start(command);
    output = Await(typed, serves ? &shown : nullptr);
    if (serves) serving_.push_back(std::move(typed));
    if (values_.Match(shown, output)) return;
  } while (OnlyLooks(command) && steady_clock::now() < deadline);
  ADD_FAILURE() << place << ": it is now\n$ " << command << "\n" << values_.Shown(output);
}

void DocumentStage::CheckConfiguration(const DocumentBlock& block) {
  const std::string config = Completed(values_.Actual(block.text));
  WriteFile(stage_.folder() + "/muster.textproto", config);
  const std::regex root("\\broot: \"([^\"]+)\"");
  for (std::sregex_iterator i(config.begin(), config.end(), root), end; i != end; ++i) {
    fs::create_directories(fs::path(stage_.folder()) / (*i)[1].str());
  }
  const Command check = Start(
      absl::StrCat("master -t -c muster.textproto", worker_.empty() ? "" : " --worker ", worker_));
  const std::string output = Await(check, nullptr);
  EXPECT_EQ(check.process->Wait(), 0) << block.Place() << "\n" << values_.Shown(output);
}

DocumentStage::Command DocumentStage::Start(const std::string& command) const {
  int ends[2];
  MUSTER_CHECK(::pipe2(ends, O_CLOEXEC) == 0, "pipe2");
  ipc::UniqueFd output(ends[0]);
  const ipc::UniqueFd input(ends[1]);
  ::fcntl(output.get(), F_SETFL, O_NONBLOCK);
  const auto prepare = [&] {
    return ::chdir(stage_.folder().c_str()) == 0 && ::dup2(input.get(), 1) == 1 &&
           ::dup2(input.get(), 2) == 2;
  };
  const std::vector<std::string> shell = {
      "/bin/bash", "-c",
      absl::StrCat("export LC_ALL=C PATH=", scratch_, "/bin:$PATH; ", values_.Actual(command))};
  return {std::make_unique<ChildProcess>(scratch_, shell, std::vector<std::string>{}, prepare),
          std::move(output)};
}

std::string DocumentStage::Await(const Command& command, const std::string* shown) {
  const ipc::UniqueFd process = OpenProcess(command.process->pid());
  const auto deadline = steady_clock::now() + kPatience;
  std::string all;
  bool has_ended = false;
  while (!has_ended && steady_clock::now() < deadline) {
    pollfd wait[] = {{.fd = command.output.get(), .events = POLLIN, .revents = 0},
                     {.fd = process.get(), .events = POLLIN, .revents = 0}};
    ::poll(wait, 2, 1000);
    has_ended = wait[1].revents != 0;
    char text[4096];
    ssize_t n;
    while ((n = ::read(command.output.get(), text, sizeof(text))) > 0) all.append(text, n);
    if (shown != nullptr && values_.Match(*shown, all)) break;
  }
  return all;
}

}  // namespace muster::tests
