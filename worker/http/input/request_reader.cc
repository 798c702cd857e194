#include "muster/worker/http/input/request_reader.h"

#include <utility>

#include "muster/worker/http/message/request_body.h"
#include "muster/worker/http/message/status_code.h"

namespace muster::worker::http {

void RequestReader::GoOn(std::unique_ptr<PartialRequest> kept) {
  start_ = kept->start();
  if (kept->is_in_body()) {
    body_ = std::move(kept);
    return;
  }
  kept_ = std::move(kept);
  parser_ = &kept_->parser();
  input_ = kept_->Append(input_);
}

RequestReader::Outcome RequestReader::Next() {
  if (head_ != nullptr) GoPast();
  if (body_ != nullptr) return ReadBody();
  if (!parser_->has_begun()) SkipEmptyLines(input_);
  if (input_.empty()) return Outcome::kIncomplete;
  switch (parser_->Parse(input_, settings_.limits)) {
    case RequestParser::Outcome::kIncomplete:
      return Outcome::kIncomplete;
    case RequestParser::Outcome::kRefused:
      return Refuse(parser_->status(), input_);
    case RequestParser::Outcome::kComplete:
      break;
  }
  if (parser_->head().has_body()) return BeginBody();
  head_ = &parser_->head();
  input_.remove_prefix(parser_->head_bytes());
  return Outcome::kRequest;
}

void RequestReader::GoPast() {
  head_ = nullptr;
  body_ = nullptr;
  start_ = now_;
  parser_->Reset();
}

RequestReader::Outcome RequestReader::BeginBody() {
  const absl::string_view head = input_.substr(0, parser_->head_bytes());
  body_ = std::make_unique<PartialRequest>(head, *parser_, start_);
  const BodyRule rule = rule_of_body_(parser_->head());
  body_->BeginBody(rule, now_);
  input_.remove_prefix(head.size());
  const bool is_awaited = input_.empty() && parser_->head().expects_continue();
  if (rule.use == BodyUse::kInPieces) return BeginPieces(is_awaited);
  const Outcome outcome = ReadBody();
  return outcome == Outcome::kIncomplete && is_awaited ? Outcome::kExpectsContinue : outcome;
}

RequestReader::Outcome RequestReader::BeginPieces(bool is_awaited) {
  // What is announced may be too much already.
  absl::string_view nothing;
  if (body_->ReadBody(nothing, now_) == RequestBody::Outcome::kTooLarge) {
    return Refuse(kContentTooLarge, body_->bytes());
  }
  body_->BeginPieces(is_awaited);
  return Outcome::kBodyBegins;
}

RequestReader::Outcome RequestReader::ReadBody() {
  switch (body_->ReadBody(input_, now_)) {
    case RequestBody::Outcome::kIncomplete:
      return Outcome::kIncomplete;
    case RequestBody::Outcome::kMalformed:
      return Refuse(kBadRequest, body_->bytes());
    case RequestBody::Outcome::kTooLarge:
      return Refuse(kContentTooLarge, body_->bytes());
    case RequestBody::Outcome::kComplete:
      break;
  }
  head_ = &body_->head();
  return body_->is_in_pieces() ? Outcome::kBodyEnds : Outcome::kRequest;
}

RequestReader::Outcome RequestReader::Refuse(int status, absl::string_view bytes) {
  status_ = status;
  refused_bytes_ = bytes;
  return Outcome::kRefused;
}

std::unique_ptr<PartialRequest> RequestReader::TakeRest() {
  if (head_ != nullptr) GoPast();
  if (body_ != nullptr) return std::move(body_);
  if (input_.empty()) return nullptr;
  if (kept_ == nullptr) return std::make_unique<PartialRequest>(input_, *parser_, start_);
  kept_->KeepOnly(input_);
  kept_->set_start(start_);
  return std::move(kept_);
}

}  // namespace muster::worker::http
