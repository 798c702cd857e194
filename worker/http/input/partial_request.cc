#include "muster/worker/http/input/partial_request.h"

#include <cstddef>

#include "muster/worker/http/input/body_deadline.h"

namespace muster::worker::http {

PartialRequest::PartialRequest(absl::string_view bytes, const RequestParser& parser,
                               loop::TimePoint start)
    : bytes_(bytes.data(), bytes.size()), parser_(parser), start_(start) {}

absl::string_view PartialRequest::Append(absl::string_view input) {
  bytes_.append(input.data(), input.size());
  return bytes_;
}

void PartialRequest::KeepOnly(absl::string_view rest) {
  bytes_.erase(0, static_cast<std::size_t>(rest.data() - bytes_.data()));
}

void PartialRequest::BeginBody(BodyRule rule, loop::TimePoint now) {
  parser_.head().Rebase(bytes_.data());
  body_ = RequestBody(parser_.head());
  body_start_ = last_bytes_ = now;
  is_in_body_ = true;
  rule_ = rule;
}

RequestBody::Outcome PartialRequest::ReadBody(absl::string_view& input, loop::TimePoint now) {
  const std::uint64_t before = body_.received_bytes();
  const RequestBody::Outcome outcome =
      body_.Read(input, rule_.max_bytes, rule_.use == BodyUse::kDropped ? nullptr : &content_);
  if (body_.received_bytes() > before) last_bytes_ = now;
  return outcome;
}

void PartialRequest::BeginPieces(bool waits_for_continue) {
  is_in_pieces_ = true;
  waits_for_continue_ = waits_for_continue;
}

bool PartialRequest::MayReadPast() const {
  const RequestHead& head = parser_.head();
  return !head.is_chunked() && !waits_for_continue() &&
         head.content_length() - body_.received_bytes() <= kMostPassedBytes;
}

void PartialRequest::StopClock(loop::TimePoint now) {
  if (!stopped_.has_value()) stopped_ = now;
}

void PartialRequest::StartClock(loop::TimePoint now) {
  if (!stopped_.has_value()) return;
  const loop::Clock::duration stood = now - *stopped_;
  body_start_ += stood;
  last_bytes_ += stood;
  stopped_.reset();
}

loop::TimePoint PartialRequest::BodyDeadline(const ConnectionSettings& settings) const {
  return http::BodyDeadline(settings, body_.received_bytes(), body_start_, last_bytes_);
}

}  // namespace muster::worker::http
