#include "muster/worker/websocket/wire/server_end.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "muster/worker/websocket/wire/frame_writer.h"

namespace muster::worker::websocket {
namespace {

// What an idle connection keeps of the memory for messages.
constexpr std::size_t kMostKeptBytes = 4096;

// Without a sum that is beyond its type.
std::uint64_t MostCompressedBytes(std::uint64_t most) {
  const std::uint64_t more = most / 64 + 64;
  return most + std::min(more, std::numeric_limits<std::uint64_t>::max() - most);
}

void KeepLittle(std::string& text) {
  text.clear();
  if (text.capacity() > kMostKeptBytes) text.shrink_to_fit();
}

}  // namespace

ServerEnd::ServerEnd(const Share& share, DeflateTerms terms)
    : share_(&share),
      deflate_bits_(share.deflate == nullptr ? 0 : static_cast<std::uint8_t>(terms.window_bits)),
      parser_(deflate_bits_ != 0) {}

ServerEnd::Event ServerEnd::Next(absl::string_view& input, std::string& out) {
  payload_ = {};
  while (!is_over()) {
    if (!is_in_frame_) {
      switch (parser_.Parse(input)) {
        case FrameHeaderParser::Outcome::kIncomplete:
          if (message_type_ == Opcode::kContinuation) DropMessage();
          return Event::kNone;
        case FrameHeaderParser::Outcome::kRefused:
          return Fail(kProtocolError, parser_.error(), out);
        case FrameHeaderParser::Outcome::kHeader:
          if (const Event event = BeginFrame(out); event != Event::kNone) return event;
      }
    }
    if (const Event event = ReadPayload(input, out); event != Event::kNone) return event;
    if (rest_ > 0) return Event::kNone;
    is_in_frame_ = false;
    ++ended_frames_;
    if (const Event event = EndFrame(out); event != Event::kNone) return event;
  }
  input = {};
  return Event::kNone;
}

ServerEnd::Event ServerEnd::BeginFrame(std::string& out) {
  frame_ = parser_.header();
  rest_ = frame_.payload_bytes;
  received_frame_bytes_ = 0;
  is_in_frame_ = true;
  if (IsControl(frame_.opcode)) {
    control_.clear();
    return Event::kNone;
  }
  const bool is_in_message = message_type_ != Opcode::kContinuation;
  if (frame_.opcode == Opcode::kContinuation) {
    if (!is_in_message) return Fail(kProtocolError, "a continuation of no message", out);
  } else {
    if (is_in_message) return Fail(kProtocolError, "a message within a message", out);
    message_type_ = frame_.opcode;
    is_message_compressed_ = frame_.is_compressed;
    message_.clear();
    utf8_.Reset();
  }
  if (rest_ > share_->bounds.max_frame_bytes) {
    return Fail(kMessageTooBig,
                absl::StrCat("a frame has at most ", share_->bounds.max_frame_bytes, " bytes"),
                out);
  }
  return Event::kNone;
}

std::uint64_t ServerEnd::MostFragmentBytes() const {
  const std::uint64_t most = share_->bounds.max_message_bytes;
  // What does not get smaller is stored in blocks with a few bytes each.
  return is_message_compressed_ ? MostCompressedBytes(most) : most;
}

ServerEnd::Event ServerEnd::ReadPayload(absl::string_view& input, std::string& out) {
  const bool is_control = IsControl(frame_.opcode);
  const bool is_dropped = !is_control && phase_ == Phase::kCloseSent;
  if (!is_control && !is_dropped) {
    const std::uint64_t most = MostFragmentBytes();
    if (message_.size() > most || rest_ > most - message_.size()) {
      return Fail(
          kMessageTooBig,
          absl::StrCat("a message has at most ", share_->bounds.max_message_bytes, " bytes"), out);
    }
  }
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(rest_, input.size()));
  if (size == 0) return Event::kNone;
  rest_ -= size;
  received_frame_bytes_ += size;
  std::string& payload = is_control ? control_ : message_;
  const std::size_t begin = payload.size();
  if (!is_dropped) {
    payload.append(input.data(), size);
    frame_.mask.Apply(payload.data() + begin, size);
  }
  input.remove_prefix(size);
  if (!is_dropped && !is_control && message_type_ == Opcode::kText && !is_message_compressed_ &&
      !utf8_.Accept(absl::string_view(message_).substr(begin))) {
    return Fail(kInvalidPayload, "a text that is not UTF-8", out);
  }
  return Event::kNone;
}

ServerEnd::Event ServerEnd::EndFrame(std::string& out) {
  switch (frame_.opcode) {
    case Opcode::kContinuation:
    case Opcode::kText:
    case Opcode::kBinary:
      return frame_.is_final ? EndMessage(out) : Event::kNone;
    case Opcode::kPing:
      AppendFrame(out, Opcode::kPong, control_);
      if (phase_ != Phase::kOpen) return Event::kNone;
      payload_ = control_;
      return Event::kPing;
    case Opcode::kPong:
      if (phase_ != Phase::kOpen) return Event::kNone;
      payload_ = control_;
      return Event::kPong;
    case Opcode::kClose:
      break;
  }
  return EndClose(out);
}

ServerEnd::Event ServerEnd::EndMessage(std::string& out) {
  const Opcode type = message_type_;
  message_type_ = Opcode::kContinuation;
  if (phase_ != Phase::kOpen) return Event::kNone;
  if (is_message_compressed_) {
    scratch_.clear();
    switch (share_->deflate->Decompress(
        message_, static_cast<std::size_t>(share_->bounds.max_message_bytes), scratch_)) {
      case MessageDeflate::Outcome::kWhole:
        break;
      case MessageDeflate::Outcome::kCorrupt:
        return Fail(kInvalidPayload, "a message that cannot be decompressed", out);
      case MessageDeflate::Outcome::kTooLong:
        return Fail(
            kMessageTooBig,
            absl::StrCat("a message has at most ", share_->bounds.max_message_bytes, " bytes"),
            out);
    }
    message_.swap(scratch_);
    KeepLittle(scratch_);
    if (type == Opcode::kText) utf8_.Accept(message_);
  }
  if (type == Opcode::kText && !utf8_.is_complete()) {
    return Fail(kInvalidPayload, "a text that is not UTF-8", out);
  }
  payload_ = message_;
  return type == Opcode::kText ? Event::kText : Event::kBinary;
}

ServerEnd::Event ServerEnd::EndClose(std::string& out) {
  close_code_ = kNoStatusReceived;
  if (control_.size() == 1) return Fail(kProtocolError, "a Close with half a code", out);
  if (control_.size() >= 2) {
    close_code_ = static_cast<std::uint16_t>(static_cast<std::uint8_t>(control_[0]) << 8 |
                                             static_cast<std::uint8_t>(control_[1]));
    payload_ = absl::string_view(control_).substr(2);
    if (!IsSendable(close_code_)) return Fail(kProtocolError, "a Close with no valid code", out);
    if (!IsUtf8(payload_)) {
      return Fail(kInvalidPayload, "a Close whose reason is not UTF-8", out);
    }
  }
  if (phase_ == Phase::kOpen) AppendClose(out, close_code_, "");
  phase_ = Phase::kOver;
  DropMessage();
  return Event::kClosed;
}

ServerEnd::Event ServerEnd::Fail(std::uint16_t code, absl::string_view reason, std::string& out) {
  if (phase_ == Phase::kOpen) AppendClose(out, code, reason);
  phase_ = Phase::kOver;
  close_code_ = code;
  control_ = std::string(reason);
  payload_ = control_;
  DropMessage();
  return Event::kFailed;
}

void ServerEnd::DropMessage() { KeepLittle(message_); }

bool ServerEnd::is_within_message() const {
  return is_within_frame() || message_type_ != Opcode::kContinuation;
}

void ServerEnd::SendMessage(Opcode opcode, absl::string_view payload, std::string& out) {
  if (phase_ != Phase::kOpen) return;
  if (has_deflate() && payload.size() >= share_->least_compressed_bytes) {
    scratch_.clear();
    if (share_->deflate->Compress(payload, deflate_bits_, scratch_)) {
      AppendFrame(out, opcode, scratch_, /*is_compressed=*/true);
      KeepLittle(scratch_);
      return;
    }
    KeepLittle(scratch_);
  }
  AppendFrame(out, opcode, payload);
}

absl::Status ServerEnd::SendText(absl::string_view text, std::string& out) {
  if (!IsUtf8(text)) return absl::InvalidArgumentError("the text is not UTF-8");
  SendMessage(Opcode::kText, text, out);
  return absl::OkStatus();
}

void ServerEnd::SendBinary(absl::string_view bytes, std::string& out) {
  SendMessage(Opcode::kBinary, bytes, out);
}

absl::Status ServerEnd::SendControl(Opcode opcode, absl::string_view payload, std::string& out) {
  if (payload.size() > kMostControlBytes) {
    return absl::InvalidArgumentError(absl::StrCat("a ping or pong with ", payload.size(),
                                                   " bytes, expected at most ", kMostControlBytes));
  }
  if (phase_ == Phase::kOpen) AppendFrame(out, opcode, payload);
  return absl::OkStatus();
}

absl::Status ServerEnd::SendPing(absl::string_view payload, std::string& out) {
  return SendControl(Opcode::kPing, payload, out);
}

absl::Status ServerEnd::SendPong(absl::string_view payload, std::string& out) {
  return SendControl(Opcode::kPong, payload, out);
}

absl::Status ServerEnd::Close(std::uint16_t code, absl::string_view reason, std::string& out) {
  if (!IsSendable(code)) {
    return absl::InvalidArgumentError(absl::StrCat("close code ", code, " is not to be sent"));
  }
  if (!IsUtf8(reason)) return absl::InvalidArgumentError("the reason of the close is not UTF-8");
  if (phase_ != Phase::kOpen) return absl::OkStatus();
  AppendClose(out, code, reason);
  phase_ = Phase::kCloseSent;
  // What has come of a message is not used any more; a whole one may be payload() still.
  if (message_type_ != Opcode::kContinuation) message_.clear();
  return absl::OkStatus();
}

}  // namespace muster::worker::websocket
