// Sections 1 to 7, 9 and 10 of the Autobahn test suite's fuzzing client, by their numbers: what it
// sends, and what a server that echoes has to answer. Each case is played whole, in pieces, byte by
// byte, and with a move to another process before each piece. Section 8 does not exist; 12 and 13,
// permessage-deflate, are in server_end_test.cc and message_deflate_test.cc in another form.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "muster/worker/websocket/wire/client_frames.h"
#include "muster/worker/websocket/wire/echo_end.h"
#include "muster/worker/websocket/wire/server_end.h"
#include "muster/worker/websocket/wire/utf8_texts.h"

namespace muster::worker::websocket {
namespace {

using ::testing::ElementsAreArray;

using Frames = std::vector<std::string>;

struct Case {
  std::string number;
  std::string input;
  Frames answers;  // as Describe says it
  // After how many bytes of the input it has failed, where that is the point of the case.
  std::optional<std::size_t> fails_after = std::nullopt;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.number; }

std::string Repeated(const std::string& text, std::size_t times) {
  std::string all;
  all.reserve(text.size() * times);
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

// A message in frames of `size` bytes.
std::string Fragments(int opcode, absl::string_view payload, std::size_t size) {
  std::string all;
  for (std::size_t at = 0; at == 0 || at < payload.size(); at += size) {
    const bool is_last = payload.size() - at <= size;
    all += Encode({.opcode = at == 0 ? opcode : 0,
                   .payload = std::string(payload.substr(at, size)),
                   .is_final = is_last});
  }
  return all;
}

std::string Reserved(int opcode, absl::string_view payload = "") {
  return Encode({.opcode = opcode, .payload = std::string(payload)});
}

std::string WithRsv(int rsv, int opcode = 1, absl::string_view payload = "Hello, world!") {
  return Encode({.opcode = opcode, .payload = std::string(payload), .rsv = rsv});
}

const char kHello[] = "Hello, world!";
const std::string kEchoed = absl::StrCat("text ", kHello);
const char kFailed[] = "close 1002";
const char kNotUtf8[] = "close 1007";

std::vector<Case> Section1() {
  std::vector<Case> cases;
  int number = 0;
  for (const std::size_t size : {0, 125, 126, 127, 128, 65535, 65536, 65536}) {
    ++number;
    const std::string text(size, '*');
    const std::string binary(size, '\xfe');
    cases.push_back({absl::StrCat("1.1.", number), Text(text), {"text " + text}});
    cases.push_back({absl::StrCat("1.2.", number), Binary(binary), {"binary " + binary}});
  }
  return cases;
}

std::vector<Case> Section2() {
  const std::string binary = Bytes({0x00, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0x00, 0xff});
  const std::string longest(125, '\xfe');
  std::string ten;
  Frames pongs;
  for (int i = 0; i < 10; ++i) {
    ten += Ping(absl::StrCat("payload-", i));
    pongs.push_back(absl::StrCat("pong payload-", i));
  }
  return {
      {"2.1", Ping(), {"pong "}},
      {"2.2", Ping(kHello), {absl::StrCat("pong ", kHello)}},
      {"2.3", Ping(binary), {"pong " + binary}},
      {"2.4", Ping(longest), {"pong " + longest}},
      {"2.5", Ping(std::string(126, '\xfe')), {kFailed}, 2},
      {"2.6", Ping(longest), {"pong " + longest}},
      {"2.7", Pong(), {}},
      {"2.8", Pong("unsolicited pong payload"), {}},
      {"2.9", Pong("unsolicited pong payload") + Ping("ping payload"), {"pong ping payload"}},
      {"2.10", ten, pongs},
      {"2.11", ten, pongs},
  };
}

std::vector<Case> Section3() {
  const std::string before = Text(kHello);
  return {
      {"3.1", WithRsv(1), {kFailed}, 1},
      {"3.2", before + WithRsv(2) + Ping(), {kEchoed, kFailed}, before.size() + 1},
      {"3.3", before + WithRsv(3) + Ping(), {kEchoed, kFailed}, before.size() + 1},
      {"3.4", before + WithRsv(4) + Ping(), {kEchoed, kFailed}, before.size() + 1},
      {"3.5", WithRsv(5, 2, Bytes({0x00, 0xff, 0xfe, 0xfd})), {kFailed}, 1},
      {"3.6", WithRsv(6, 9), {kFailed}, 1},
      {"3.7", WithRsv(7, 8, ""), {kFailed}, 1},
  };
}

std::vector<Case> Section4() {
  const std::string before = Text(kHello);
  std::vector<Case> cases;
  for (const auto& [group, first] : std::vector<std::pair<int, int>>{{1, 3}, {2, 11}}) {
    const auto add = [&cases, group = group](int number, const std::string& input,
                                             const Frames& answers, std::size_t fails_after) {
      cases.push_back({absl::StrCat("4.", group, ".", number), input, answers, fails_after});
    };
    add(1, Reserved(first), {kFailed}, 1);
    add(2, Reserved(first + 1, "reserved opcode payload"), {kFailed}, 1);
    add(3, before + Reserved(first + 2) + Ping(), {kEchoed, kFailed}, before.size() + 1);
    add(4, before + Reserved(first + 3, kHello) + Ping(), {kEchoed, kFailed}, before.size() + 1);
    add(5, before + Reserved(first + 4, kHello) + Ping(), {kEchoed, kFailed}, before.size() + 1);
  }
  return cases;
}

std::vector<Case> Section5() {
  const auto fragmented = [](int opcode) {
    return Encode({.opcode = opcode, .payload = "fragment1", .is_final = false}) +
           Continuation("fragment2");
  };
  const std::string with_ping =
      Text("fragment1", false) + Ping("ping payload") + Continuation("fragment2");
  const std::string two = "text fragment1fragment2";
  const std::string lost = Continuation("non-continuation payload", true) + Text(kHello);
  const std::string lost_open = Continuation("non-continuation payload", false) + Text(kHello);
  const Frames pong_and_two = {"pong ping payload", two};
  const std::string legal = Text("fragment1", false) + Continuation("fragment2", false) +
                            Ping("pongme 1!") + Continuation("fragment3", false) +
                            Continuation("fragment4", false) + Ping("pongme 2!") +
                            Continuation("fragment5");
  const Frames legal_answers = {"pong pongme 1!", "pong pongme 2!",
                                "text fragment1fragment2fragment3fragment4fragment5"};
  return {
      {"5.1", fragmented(9), {kFailed}, 1},
      {"5.2", fragmented(10), {kFailed}, 1},
      {"5.3", fragmented(1), {two}},
      {"5.4", fragmented(1), {two}},
      {"5.5", fragmented(1), {two}},
      {"5.6", with_ping, pong_and_two},
      {"5.7", with_ping, pong_and_two},
      {"5.8", with_ping, pong_and_two},
      {"5.9", lost, {kFailed}},
      {"5.10", lost, {kFailed}},
      {"5.11", lost, {kFailed}},
      {"5.12", lost_open, {kFailed}},
      {"5.13", lost_open, {kFailed}},
      {"5.14", lost_open, {kFailed}},
      {"5.15", fragmented(1) + lost_open, {two, kFailed}},
      {"5.16",
       Repeated(
           Continuation("fragment1", false) + Text("fragment2", false) + Continuation("fragment3"),
           2),
       {kFailed}},
      {"5.17",
       Repeated(
           Continuation("fragment1", true) + Text("fragment2", false) + Continuation("fragment3"),
           2),
       {kFailed}},
      {"5.18", Text("fragment1", false) + Text("fragment2"), {kFailed}},
      {"5.19", legal, legal_answers},
      {"5.20", legal, legal_answers},
  };
}

// The start of a frame's payload, for a frame of less than 126 bytes.
constexpr std::size_t kHeader = 6;

std::vector<Case> Section6Fragments() {
  const std::string text =
      "Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xa0\xc3\xa1-UTF-8!!";
  const std::string kosme = kKosme;
  const std::string surrogate = kosme + "\xed\xa0\x80" + "edited";
  // Beyond U+10FFFF from its second byte on.
  const std::string beyond = kosme + "\xf4\x90\x80\x80" + "edited";
  const std::string first = Text(kosme, false);
  const std::string first_and_start = Text(kosme + "\xf4", false);
  return {
      {"6.1.1", Text(""), {"text "}},
      {"6.1.2", Text("", false) + Continuation("", false) + Continuation(""), {"text "}},
      {"6.1.3",
       Text("", false) + Continuation("middle frame payload", false) + Continuation(""),
       {"text middle frame payload"}},
      {"6.2.1", Text(text), {"text " + text}},
      {"6.2.2", Text(text.substr(0, 12), false) + Continuation(text.substr(12)), {"text " + text}},
      {"6.2.3", Fragments(1, text, 1), {"text " + text}},
      {"6.2.4", Fragments(1, kosme, 1), {"text " + kosme}},
      {"6.3.1", Text(surrogate), {kNotUtf8}, kHeader + kosme.size() + 2},
      {"6.3.2", Fragments(1, surrogate, 1), {kNotUtf8}, (kHeader + 1) * (kosme.size() + 2)},
      {"6.4.1",
       first + Continuation("\xf4\x90\x80\x80", false) + Continuation("edited"),
       {kNotUtf8},
       first.size() + kHeader + 2},
      {"6.4.2",
       first_and_start + Continuation("\x90", false) +
           Continuation("\x80\x80"
                        "edited"),
       {kNotUtf8},
       first_and_start.size() + kHeader + 1},
      {"6.4.3", Text(beyond), {kNotUtf8}, kHeader + kosme.size() + 2},
      {"6.4.4", Text(beyond), {kNotUtf8}, kHeader + kosme.size() + 2},
  };
}

std::vector<Case> Section6() {
  std::vector<Case> cases = Section6Fragments();
  const auto add = [&cases](const std::string& number, const std::string& text, bool is_valid) {
    cases.push_back({number, Text(text), {is_valid ? "text " + text : std::string(kNotUtf8)}});
  };
  for (const Utf8Group& group : Utf8Groups()) {
    int number = 0;
    for (const std::string& text : group.texts) {
      add(absl::StrCat("6.", group.section, ".", ++number), text, group.is_valid);
    }
  }
  add("6.11.5", Bytes({0xf4, 0x90, 0x80, 0x80}), false);
  const std::string kosme = kKosme;
  for (std::size_t size = 1; size <= kosme.size(); ++size) {
    const bool is_between = size == 2 || size == 5 || size == 7 || size == 9 || size == 11;
    add(absl::StrCat("6.6.", size), kosme.substr(0, size), is_between);
  }
  return cases;
}

std::vector<Case> Section7() {
  const std::string normal = Close(1000);
  const std::string long_text(256 * 1024, '*');
  std::vector<Case> cases = {
      {"7.1.1", Text(kHello) + normal, {kEchoed, "close 1000"}},
      {"7.1.2", normal + normal, {"close 1000"}},
      {"7.1.3", normal + Ping(), {"close 1000"}},
      {"7.1.4", normal + Text(kHello), {"close 1000"}},
      {"7.1.5", Text("fragment1", false) + normal + Continuation("fragment2"), {"close 1000"}},
      {"7.1.6", Text(long_text) + normal + Ping(), {"text " + long_text, "close 1000"}},
      {"7.3.1", Reserved(8), {"close"}},
      {"7.3.2", Reserved(8, "a"), {kFailed}},
      {"7.3.3", normal, {"close 1000"}},
      {"7.3.4", Close(1000, "Hello World!"), {"close 1000"}},
      {"7.3.5", Close(1000, std::string(123, '*')), {"close 1000"}},
      {"7.3.6", Close(1000, std::string(124, '*')), {kFailed}, 2},
      {"7.5.1", Close(1000, absl::StrCat(kKosme, "\xed\xa0\x80", "edited")), {kNotUtf8}},
  };
  int number = 0;
  for (const int code :
       {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999}) {
    cases.push_back({absl::StrCat("7.7.", ++number),
                     Close(static_cast<std::uint16_t>(code)),
                     {absl::StrCat("close ", code)}});
  }
  number = 0;
  for (const int code : {0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999}) {
    cases.push_back(
        {absl::StrCat("7.9.", ++number), Close(static_cast<std::uint16_t>(code)), {kFailed}});
  }
  cases.push_back({"7.13.1", Close(5000), {kFailed}});
  cases.push_back({"7.13.2", Close(65535), {kFailed}});
  return cases;
}

class Autobahn : public ::testing::TestWithParam<Case> {
 protected:
  static ServerEnd::Share Share() {
    return {.bounds = {.max_frame_bytes = 16 << 20, .max_message_bytes = 16 << 20}};
  }
  const ServerEnd::Share share_ = Share();
};

TEST_P(Autobahn, IsAnsweredWholeAndInPiecesAndOverMoves) {
  const Case& c = GetParam();
  // Byte by byte would take too long with a copy of a long message each time.
  const std::size_t least_piece = c.input.size() > 20'000 ? 997 : 1;
  for (const std::size_t piece :
       {c.input.size(), std::size_t{997}, std::size_t{7}, std::size_t{1}}) {
    for (const bool moves : {false, true}) {
      EchoEnd server(share_);
      server.ReceiveInPieces(c.input, moves ? std::max(piece, least_piece) : piece, moves);
      EXPECT_THAT(server.Frames(), ElementsAreArray(c.answers))
          << "in pieces of " << piece << (moves ? ", moved" : "");
    }
  }
}

TEST_P(Autobahn, FailsAtTheFirstByteThatIsWrong) {
  const Case& c = GetParam();
  if (!c.fails_after.has_value()) return;
  EchoEnd server(share_);
  server.ReceiveInPieces(c.input.substr(0, *c.fails_after - 1), 1, false);
  EXPECT_FALSE(server.has_failed());
  server.Receive(c.input.substr(*c.fails_after - 1, 1));
  EXPECT_TRUE(server.has_failed());
}

std::string NameOf(const ::testing::TestParamInfo<Case>& info) {
  return absl::StrCat("Case", absl::StrReplaceAll(info.param.number, {{".", "_"}}));
}

INSTANTIATE_TEST_SUITE_P(Framing, Autobahn, ::testing::ValuesIn(Section1()), NameOf);
INSTANTIATE_TEST_SUITE_P(PingsAndPongs, Autobahn, ::testing::ValuesIn(Section2()), NameOf);
INSTANTIATE_TEST_SUITE_P(ReservedBits, Autobahn, ::testing::ValuesIn(Section3()), NameOf);
INSTANTIATE_TEST_SUITE_P(Opcodes, Autobahn, ::testing::ValuesIn(Section4()), NameOf);
INSTANTIATE_TEST_SUITE_P(Fragmentation, Autobahn, ::testing::ValuesIn(Section5()), NameOf);
INSTANTIATE_TEST_SUITE_P(Utf8, Autobahn, ::testing::ValuesIn(Section6()), NameOf);
INSTANTIATE_TEST_SUITE_P(CloseHandling, Autobahn, ::testing::ValuesIn(Section7()), NameOf);

}  // namespace
}  // namespace muster::worker::websocket
