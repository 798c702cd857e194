// Sections 9 and 10 of the Autobahn test suite's fuzzing client, by their numbers: long messages,
// in many fragments and in small pieces, and many messages.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "muster/worker/websocket/wire/client_frames.h"
#include "muster/worker/websocket/wire/echo_end.h"
#include "muster/worker/websocket/wire/frame_writer.h"
#include "muster/worker/websocket/wire/server_end.h"

namespace muster::worker::websocket {
namespace {

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kMiB = 1024 * kKiB;

struct Load {
  std::string number;
  Opcode opcode = Opcode::kText;
  std::size_t message_bytes = 0;
  std::size_t fragment_bytes = 0;  // 0: whole
  std::size_t piece_bytes = 64 * kKiB;
  int messages = 1;
};

void PrintTo(const Load& load, std::ostream* out) { *out << load.number; }

std::vector<Load> Loads() {
  std::vector<Load> loads;
  for (const bool is_text : {true, false}) {
    const Opcode opcode = is_text ? Opcode::kText : Opcode::kBinary;
    const auto name = [is_text](int group, int number) {
      return absl::StrCat("9.", is_text ? group : group + 1, ".", number);
    };
    int number = 0;
    for (const std::size_t size : {64 * kKiB, 256 * kKiB, kMiB, 4 * kMiB, 8 * kMiB, 16 * kMiB}) {
      loads.push_back({name(1, ++number), opcode, size});
    }
    number = 0;
    for (std::size_t fragment = 64; fragment <= 4 * kMiB; fragment *= 4) {
      loads.push_back({name(3, ++number), opcode, 4 * kMiB, fragment});
    }
    number = 0;
    for (std::size_t piece = 64; piece <= 2048; piece *= 2) {
      loads.push_back({name(5, ++number), opcode, kMiB, 0, piece});
    }
    number = 0;
    for (const std::size_t size : {0, 16, 64, 256, 1024, 4096}) {
      loads.push_back({name(7, ++number), opcode, size, 0, 64 * kKiB, 1000});
    }
  }
  loads.push_back({"10.1.1", Opcode::kText, 65536, 1300});
  return loads;
}

class AutobahnLimits : public ::testing::TestWithParam<Load> {};

TEST_P(AutobahnLimits, AreEchoed) {
  const Load& load = GetParam();
  const std::string message(load.message_bytes, load.opcode == Opcode::kText ? '*' : '\xfe');
  const std::size_t fragment =
      load.fragment_bytes == 0 ? std::max<std::size_t>(message.size(), 1) : load.fragment_bytes;
  std::string input;
  for (int i = 0; i < load.messages; ++i) {
    for (std::size_t at = 0; at == 0 || at < message.size(); at += fragment) {
      input += Encode({.opcode = at == 0 ? static_cast<int>(load.opcode) : 0,
                       .payload = message.substr(at, fragment),
                       .is_final = message.size() - at <= fragment});
    }
  }
  const ServerEnd::Share share = {
      .bounds = {.max_frame_bytes = 16 * kMiB, .max_message_bytes = 16 * kMiB}};
  EchoEnd server(share);
  // A move in the middle, which is in the middle of a message.
  server.ReceiveInPieces(absl::string_view(input).substr(0, input.size() / 2), load.piece_bytes,
                         false);
  server.Move();
  server.ReceiveInPieces(absl::string_view(input).substr(input.size() / 2), load.piece_bytes,
                         false);
  std::string expected;
  for (int i = 0; i < load.messages; ++i) AppendFrame(expected, load.opcode, message);
  EXPECT_TRUE(server.output() == expected) << server.output().size() << " bytes";
}

INSTANTIATE_TEST_SUITE_P(
    Limits, AutobahnLimits, ::testing::ValuesIn(Loads()),
    [](const ::testing::TestParamInfo<Load>& info) {
      return absl::StrCat("Case", absl::StrReplaceAll(info.param.number, {{".", "_"}}));
    });

}  // namespace
}  // namespace muster::worker::websocket
