#include "muster/examples/cache/cache_command.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace muster::examples {
namespace {

using Verb = CacheCommand::Verb;
using Words = std::vector<absl::string_view>;

constexpr std::int64_t kMostRelativeSeconds = 30 * 24 * 60 * 60;

absl::Status Malformed() { return absl::InvalidArgumentError("bad command line format"); }

bool IsKey(absl::string_view word) {
  return word.size() <= kMostKeyBytes && std::none_of(word.begin(), word.end(), [](char c) {
           return absl::ascii_iscntrl(static_cast<unsigned char>(c));
         });
}

template <typename Number>
bool Read(absl::string_view word, Number* number) {
  return absl::SimpleAtoi(word, number);
}

bool ReadSize(absl::string_view word, std::size_t* bytes) {
  std::uint32_t number = 0;
  if (!Read(word, &number)) return false;
  *bytes = number;
  return true;
}

// Takes "noreply" from the end, if it is there.
bool TakeNoReply(Words& words) {
  if (words.size() < 2 || words.back() != "noreply") return false;
  words.pop_back();
  return true;
}

absl::StatusOr<CacheCommand> ParseGet(const Words& words, CacheCommand command) {
  std::size_t first = 1;
  if (command.touches) {
    if (words.size() < 2 || !Read(words[1], &command.time)) return Malformed();
    first = 2;
  }
  if (words.size() <= first) return absl::UnimplementedError("");
  command.keys.assign(words.begin() + static_cast<std::ptrdiff_t>(first), words.end());
  if (!std::all_of(command.keys.begin(), command.keys.end(), IsKey)) return Malformed();
  return command;
}

absl::StatusOr<CacheCommand> ParseWrite(const Words& words, CacheStore::Mode mode,
                                        CacheCommand command) {
  const bool is_cas = mode == CacheStore::Mode::kCas;
  command.verb = Verb::kWrite;
  command.mode = mode;
  if (words.size() != (is_cas ? 6 : 5) || !Read(words[2], &command.flags) ||
      !Read(words[3], &command.time) || !ReadSize(words[4], &command.bytes) ||
      (is_cas && !Read(words[5], &command.unique)) || !IsKey(words[1])) {
    return Malformed();
  }
  command.keys = {words[1]};
  return command;
}

}  // namespace

absl::StatusOr<CacheCommand> ParseCommand(absl::string_view line) {
  Words words = absl::StrSplit(line, ' ', absl::SkipEmpty());
  if (words.empty()) return absl::UnimplementedError("");
  const absl::string_view verb = words[0];
  CacheCommand command;
  if (verb == "get" || verb == "gets" || verb == "gat" || verb == "gats") {
    command.tells_unique = verb == "gets" || verb == "gats";
    command.touches = verb == "gat" || verb == "gats";
    return ParseGet(words, std::move(command));
  }
  if (words.size() == 1 && (verb == "version" || verb == "stats" || verb == "quit")) {
    command.verb = verb == "version" ? Verb::kVersion
                   : verb == "stats" ? Verb::kStats
                                     : Verb::kQuit;
    return command;
  }
  command.wants_answer = !TakeNoReply(words);
  if (verb == "set") return ParseWrite(words, CacheStore::Mode::kSet, std::move(command));
  if (verb == "add") return ParseWrite(words, CacheStore::Mode::kAdd, std::move(command));
  if (verb == "replace") return ParseWrite(words, CacheStore::Mode::kReplace, std::move(command));
  if (verb == "append") return ParseWrite(words, CacheStore::Mode::kAppend, std::move(command));
  if (verb == "prepend") return ParseWrite(words, CacheStore::Mode::kPrepend, std::move(command));
  if (verb == "cas") return ParseWrite(words, CacheStore::Mode::kCas, std::move(command));
  if (verb == "incr" || verb == "decr") {
    command.verb = Verb::kCount;
    command.sign = verb == "incr" ? CacheStore::Sign::kPlus : CacheStore::Sign::kMinus;
    if (words.size() != 3 || !IsKey(words[1])) return Malformed();
    if (!Read(words[2], &command.amount)) {
      return absl::InvalidArgumentError("invalid numeric delta argument");
    }
    command.keys = {words[1]};
    return command;
  }
  if (verb == "delete") {
    command.verb = Verb::kDelete;
    // Old clients send a time, which must be 0.
    const bool has_time = words.size() == 3 && words[2] == "0";
    if ((words.size() != 2 && !has_time) || !IsKey(words[1])) return Malformed();
    command.keys = {words[1]};
    return command;
  }
  if (verb == "touch") {
    command.verb = Verb::kTouch;
    if (words.size() != 3 || !IsKey(words[1]) || !Read(words[2], &command.time)) {
      return Malformed();
    }
    command.keys = {words[1]};
    return command;
  }
  if (verb == "flush_all") {
    command.verb = Verb::kFlush;
    if (words.size() > 2 || (words.size() == 2 && !Read(words[1], &command.time))) {
      return Malformed();
    }
    return command;
  }
  if (verb == "verbosity" && words.size() <= 2 && (words.size() == 2 || !command.wants_answer)) {
    command.verb = Verb::kVerbosity;
    return command;
  }
  return absl::UnimplementedError("");
}

std::int64_t ExpiryOf(std::int64_t time, std::int64_t now) {
  if (time == 0) return 0;
  if (time < 0) return 1;
  return time <= kMostRelativeSeconds ? now + time : time;
}

}  // namespace muster::examples
