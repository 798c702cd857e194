#include "muster/examples/cache/cache.h"

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "muster/examples/cache/cache.pb.h"
#include "muster/examples/cache/cache_command.h"
#include "muster/examples/cache/cache_store.h"
#include "muster/ipc/base/status.h"
#include "muster/worker/stream/stream_service.h"

namespace muster::examples {
namespace {

using Verb = CacheCommand::Verb;

// Of the answers to one line that wait for the client, before the next key is looked at.
constexpr std::uint64_t kMostWaitingBytes = 1 << 20;
constexpr absl::string_view kLineEnd = "\r\n";
constexpr absl::string_view kVersion = "1.0.0";

absl::string_view LineOf(CacheStore::Outcome outcome) {
  switch (outcome) {
    case CacheStore::Outcome::kStored:
      return "STORED\r\n";
    case CacheStore::Outcome::kNotStored:
      return "NOT_STORED\r\n";
    case CacheStore::Outcome::kExists:
      return "EXISTS\r\n";
    case CacheStore::Outcome::kNotFound:
      return "NOT_FOUND\r\n";
    case CacheStore::Outcome::kTooLarge:
      return "SERVER_ERROR object too large for cache\r\n";
    case CacheStore::Outcome::kNoNumber:
      return "CLIENT_ERROR cannot increment or decrement non-numeric value\r\n";
  }
  return "SERVER_ERROR\r\n";
}

// What the sessions of one worker share.
class Cache : public worker::Protocol {
 public:
  Cache(worker::Context& context, const cache::v1::Cache& config, CacheStore store)
      : context_(context), config_(config), store_(std::move(store)) {}

  std::unique_ptr<worker::Session> Begin(worker::Stream& stream) override;
  absl::StatusOr<std::unique_ptr<worker::Session>> Resume(worker::Stream& stream,
                                                          std::string state) override;

  worker::Context& context() { return context_; }
  const cache::v1::Cache& config() const { return config_; }
  CacheStore& store() { return store_; }

 private:
  worker::Context& context_;
  const cache::v1::Cache config_;
  CacheStore store_;
};

// One client.
class CacheSession : public worker::Session {
 public:
  CacheSession(Cache& cache, worker::Stream& stream) : cache_(cache), stream_(stream) {}

  // The state that another worker left. InvalidArgument: it is none.
  absl::Status Restore(const cache::v1::Session& state) {
    answered_keys_ = state.answered_keys();
    skipped_bytes_ = state.skipped_bytes();
    skips_line_ = state.skips_line();
    if (state.line().empty()) return absl::OkStatus();
    MUSTER_RETURN_IF_ERROR(Await(state.line()));
    if (state.block().size() > command_.bytes) {
      return absl::InvalidArgumentError("its block is longer than its command says");
    }
    block_ = state.block();
    return absl::OkStatus();
  }

  // [cache suspend]
  std::string Suspend() override {
    cache::v1::Session state;
    state.set_answered_keys(answered_keys_);
    state.set_skipped_bytes(skipped_bytes_);
    state.set_skips_line(skips_line_);
    state.set_line(line_);
    state.set_block(block_);
    return state.SerializeAsString();
  }
  // [end]

  // [cache input]
  // One command, or a piece of its block.
  std::size_t OnInput(absl::string_view input) override {
    if (skipped_bytes_ > 0) return SkipBytes(input);
    if (skips_line_) return SkipLine(input);
    if (!line_.empty()) return OnBlock(input);
    const std::size_t end = input.find('\n');
    if (std::min(end, input.size()) > cache_.config().max_line_bytes()) {
      stream_.Write("CLIENT_ERROR line too long\r\n");
      stream_.Close();
      return 0;
    }
    if (end == input.npos) return 0;  // the rest is still to come
    return OnLine(absl::StripSuffix(input.substr(0, end), "\r"), input.substr(end + 1), end + 1);
  }
  // [end]

 private:
  static std::int64_t Now() { return std::time(nullptr); }

  // Returns what it consumes: `line_bytes`, and what it takes of what `follows`.
  std::size_t OnLine(absl::string_view line, absl::string_view follows, std::size_t line_bytes) {
    absl::StatusOr<CacheCommand> command = ParseCommand(line);
    if (!command.ok()) {
      CountRequest();
      stream_.Write(absl::IsUnimplemented(command.status())
                        ? "ERROR\r\n"
                        : absl::StrCat("CLIENT_ERROR ", command.status().message(), kLineEnd));
      return line_bytes;
    }
    if (command->verb == Verb::kGet) return OnGet(*command) ? line_bytes : 0;
    if (command->verb != Verb::kWrite) {
      CountRequest();
      OnCommand(*command);
      return line_bytes;
    }
    if (command->bytes > kMostItemBytes) {
      CountRequest();
      Answer(*command, LineOf(CacheStore::Outcome::kTooLarge));
      cache_.store().Erase(command->keys[0], Now());  // it is out of date
      skipped_bytes_ = command->bytes + kLineEnd.size();
      return line_bytes;
    }
    if (follows.size() < command->bytes + kLineEnd.size()) {
      (void)Await(std::string(line));
      return line_bytes;
    }
    const bool is_whole = absl::StartsWith(follows.substr(command->bytes), kLineEnd);
    OnWrite(*command, follows.substr(0, command->bytes), is_whole);
    return line_bytes + command->bytes + (is_whole ? kLineEnd.size() : 0);
  }

  // The block of this line comes in pieces.
  absl::Status Await(std::string line) {
    line_ = std::move(line);
    MUSTER_ASSIGN_OR_RETURN(command_, ParseCommand(line_));
    if (command_.verb != Verb::kWrite || command_.bytes > kMostItemBytes) {
      return absl::InvalidArgumentError("its line is of no command with a block");
    }
    block_.reserve(command_.bytes);
    return absl::OkStatus();
  }

  std::size_t OnBlock(absl::string_view input) {
    const std::size_t taken = std::min(input.size(), command_.bytes - block_.size());
    block_.append(input.data(), taken);
    input.remove_prefix(taken);
    if (block_.size() < command_.bytes || input.size() < kLineEnd.size()) return taken;
    const bool is_whole = absl::StartsWith(input, kLineEnd);
    OnWrite(command_, block_, is_whole);
    line_.clear();
    block_ = std::string();
    return taken + (is_whole ? kLineEnd.size() : 0);
  }

  void OnWrite(const CacheCommand& command, absl::string_view block, bool is_whole) {
    CountRequest();
    if (!is_whole) {
      stream_.Write("CLIENT_ERROR bad data chunk\r\n");
      skips_line_ = true;
      return;
    }
    const std::int64_t now = Now();
    Answer(command, LineOf(cache_.store().Write(command.mode,
                                                {.key = command.keys[0],
                                                 .value = block,
                                                 .flags = command.flags,
                                                 .expiry = ExpiryOf(command.time, now),
                                                 .unique = command.unique},
                                                now)));
  }

  std::size_t SkipBytes(absl::string_view input) {
    const auto skipped =
        static_cast<std::size_t>(std::min<std::uint64_t>(input.size(), skipped_bytes_));
    skipped_bytes_ -= skipped;
    return skipped;
  }

  std::size_t SkipLine(absl::string_view input) {
    const std::size_t end = input.find('\n');
    if (end == input.npos) return input.size();
    skips_line_ = false;
    return end + 1;
  }

  // [cache get]
  // False: the client has to take its output before the next key is looked up. The line is offered
  // again then.
  bool OnGet(const CacheCommand& command) {
    const std::int64_t now = Now();
    for (; answered_keys_ < command.keys.size(); ++answered_keys_) {
      if (stream_.unsent_memory_bytes() > kMostWaitingBytes) return false;
      const absl::string_view key = command.keys[answered_keys_];
      cache_.store().Get(key, now, [&](const CacheItem& item) {
        stream_.Write(absl::StrCat("VALUE ", key, " ", item.flags, " ", item.value.size(),
                                   command.tells_unique ? absl::StrCat(" ", item.unique) : "",
                                   kLineEnd));
        stream_.Write(item.value);
        stream_.Write(kLineEnd);
      });
      if (command.touches) cache_.store().Touch(key, ExpiryOf(command.time, now), now);
    }
    answered_keys_ = 0;
    CountRequest();
    stream_.Write("END\r\n");
    return true;
  }
  // [end]

  void OnCommand(const CacheCommand& command) {
    const std::int64_t now = Now();
    switch (command.verb) {
      case Verb::kCount: {
        const auto [outcome, number] =
            cache_.store().Count(command.keys[0], command.sign, command.amount, now);
        if (outcome == CacheStore::Outcome::kStored) {
          return Answer(command, absl::StrCat(number, kLineEnd));
        }
        return Answer(command, LineOf(outcome));
      }
      case Verb::kDelete:
        return Answer(command,
                      cache_.store().Erase(command.keys[0], now) ? "DELETED\r\n" : "NOT_FOUND\r\n");
      case Verb::kTouch: {
        const auto outcome =
            cache_.store().Touch(command.keys[0], ExpiryOf(command.time, now), now);
        return Answer(command,
                      outcome == CacheStore::Outcome::kStored ? "TOUCHED\r\n" : LineOf(outcome));
      }
      case Verb::kFlush:
        cache_.store().Flush(command.time <= 0 ? now : ExpiryOf(command.time, now), now);
        return Answer(command, "OK\r\n");
      case Verb::kVersion:
        return Answer(command, absl::StrCat("VERSION ", kVersion, kLineEnd));
      case Verb::kVerbosity:
        return Answer(command, "OK\r\n");
      case Verb::kStats:
        return WriteTotals();
      case Verb::kQuit:
        return stream_.Close();
      case Verb::kGet:
      case Verb::kWrite:
        break;
    }
  }

  // Of all workers, but for the pid.
  void WriteTotals() {
    const CacheStore::Totals totals = cache_.store().totals();
    stream_.Write(absl::StrCat("STAT pid ", ::getpid(), "\r\nSTAT version ", kVersion,
                               "\r\nSTAT get_hits ", totals.hits, "\r\nSTAT get_misses ",
                               totals.misses, "\r\nSTAT cmd_get ", totals.hits + totals.misses,
                               "\r\nSTAT cmd_set ", totals.writes, "\r\nSTAT bytes ", totals.bytes,
                               "\r\nSTAT limit_maxbytes ", totals.most_bytes, "\r\nEND\r\n"));
  }

  void Answer(const CacheCommand& command, absl::string_view line) {
    if (command.wants_answer) stream_.Write(line);
  }
  void CountRequest() { cache_.context().stats().requests.Add(); }

  Cache& cache_;
  worker::Stream& stream_;
  std::uint32_t answered_keys_ = 0;
  std::uint64_t skipped_bytes_ = 0;
  bool skips_line_ = false;
  std::string line_;      // of the command whose block is coming; empty: none
  CacheCommand command_;  // refers to line_
  std::string block_;
};

// [cache sessions]
std::unique_ptr<worker::Session> Cache::Begin(worker::Stream& stream) {
  return std::make_unique<CacheSession>(*this, stream);
}

absl::StatusOr<std::unique_ptr<worker::Session>> Cache::Resume(worker::Stream& stream,
                                                               std::string state) {
  cache::v1::Session session;
  if (!session.ParseFromString(state)) {
    return absl::InvalidArgumentError("its state is no muster.examples.cache.v1.Session");
  }
  auto client = std::make_unique<CacheSession>(*this, stream);
  MUSTER_RETURN_IF_ERROR(client->Restore(session));
  return client;
}
// [end]

}  // namespace

// [cache service]
absl::StatusOr<std::unique_ptr<worker::Service>> MakeCache(worker::Context& context) {
  MUSTER_ASSIGN_OR_RETURN(const cache::v1::Cache config, context.ServiceConfig<cache::v1::Cache>());
  MUSTER_ASSIGN_OR_RETURN(const worker::UserZone* zone, context.zone("cache"));
  MUSTER_ASSIGN_OR_RETURN(CacheStore store, CacheStore::Open(*zone, config.shards()));
  return std::make_unique<worker::StreamService>(
      context, std::make_unique<Cache>(context, config, std::move(store)));
}
// [end]

}  // namespace muster::examples
