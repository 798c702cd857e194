// The examples of docs/SERVICES.md that no example program has; and the comparison of that page
// with the sources that it quotes.

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "worker/http/handler.h"
#include "worker/service.h"

namespace muster::examples {
namespace {

using ::testing::HasSubstr;

std::string Compute() { return "42\n"; }

// [later]
class Reports : public worker::http::Handler {
 public:
  void Handle(const worker::http::Request&, worker::http::Reply reply) override {
    threads_.emplace_back([reply = std::move(reply)]() mutable {
      reply.Send({.body = Compute()});  // from this thread, whenever that is
    });
  }

 private:
  std::vector<std::jthread> threads_;  // joined when the handler goes
};
// [end]

// [loop]
class Report {
 public:
  explicit Report(worker::Context& context)
      : context_(context), timer_(context.loop(), [this] { Write(); }) {
    timer_.SetAfter(std::chrono::minutes(1));
  }
  // From any thread.
  void WriteSoon() {
    context_.Post([this] { Write(); });
  }

 private:
  void Write() {
    context_.Log(config::v1::Log::INFO, absl::StrCat("requests: ", context_.zone().Sum().requests));
    timer_.SetAfter(std::chrono::minutes(1));
  }

  worker::Context& context_;
  loop::Timer timer_;
};
// [end]

std::vector<std::string> LinesOf(const std::string& path) {
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return absl::StrSplit(text, '\n');
}

// Without the indentation that all lines have.
std::string Dedent(const std::vector<std::string>& lines) {
  std::size_t indentation = std::string::npos;
  for (const std::string& line : lines) {
    indentation = std::min(indentation, line.find_first_not_of(' '));
  }
  std::string text;
  for (const std::string& line : lines) {
    absl::StrAppend(&text, line.empty() ? "" : line.substr(indentation), "\n");
  }
  return text;
}

// What stands between a line that `begins` and the next that is `end`.
template <typename Begins>
void AddBlocks(const std::string& path, Begins begins, absl::string_view end,
               std::multiset<std::string>* blocks) {
  std::vector<std::string> block;
  bool is_within = false;
  for (const std::string& line : LinesOf(path)) {
    const absl::string_view text = absl::StripLeadingAsciiWhitespace(line);
    if (is_within && text == end) {
      blocks->insert(Dedent(std::exchange(block, {})));
      is_within = false;
    } else if (is_within) {
      block.push_back(line);
    } else {
      is_within = begins(text);
    }
  }
}

std::multiset<std::string> Quoted(absl::string_view language) {
  std::multiset<std::string> blocks;
  AddBlocks(
      "docs/SERVICES.md",
      [=](absl::string_view line) { return line == absl::StrCat("```", language); }, "```",
      &blocks);
  return blocks;
}

TEST(Page, QuotesEachMarkedPieceOfTheSources) {
  std::multiset<std::string> compiled;
  for (const char* path :
       {"examples/chat/chat.cc", "examples/chat/chat.proto", "examples/chat/main.cc",
        "examples/counter/counter_handler.cc", "examples/counter/counter_zone.cc",
        "examples/counter/counter_zone.h", "examples/counter/main.cc", "examples/echo/echo.cc",
        "examples/echo/main.cc", "examples/services_guide/guide_test.cc"}) {
    AddBlocks(
        path,
        [](absl::string_view line) {
          return absl::StartsWith(line, "// [") && absl::EndsWith(line, "]") && line != "// [end]";
        },
        "// [end]", &compiled);
  }
  std::multiset<std::string> quoted = Quoted("cpp");
  quoted.merge(Quoted("proto"));
  EXPECT_GT(compiled.size(), 10);
  EXPECT_EQ(quoted, compiled);
}

TEST(Page, QuotesTheConfigurationsOfTheExamples) {
  std::string written;
  for (const char* path : {"examples/chat/muster.textproto", "examples/counter/muster.textproto",
                           "examples/echo/muster.textproto"}) {
    absl::StrAppend(&written, absl::StrJoin(LinesOf(path), "\n"), "\n");
  }
  const std::multiset<std::string> quoted = Quoted("textproto");
  EXPECT_EQ(quoted.size(), 2);
  for (const std::string& block : quoted) EXPECT_THAT(written, HasSubstr(block));
}

}  // namespace
}  // namespace muster::examples
