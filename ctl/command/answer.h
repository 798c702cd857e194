#ifndef MUSTER_CTL_COMMAND_ANSWER_H_
#define MUSTER_CTL_COMMAND_ANSWER_H_

#include <google/protobuf/message.h>

#include <memory>
#include <string>
#include <utility>

namespace muster::ctl {

// What a command prints: for programs the master's answer, for people a text of whole lines.
struct Answer {
  std::shared_ptr<const google::protobuf::Message> message;
  std::string text;
};

template <typename Message>
Answer MakeAnswer(Message message, std::string text) {
  return {.message = std::make_shared<const Message>(std::move(message)), .text = std::move(text)};
}

}  // namespace muster::ctl

#endif  // MUSTER_CTL_COMMAND_ANSWER_H_
