#ifndef MUSTER_CTL_COMMAND_ANSWER_H_
#define MUSTER_CTL_COMMAND_ANSWER_H_

#include <google/protobuf/message.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "muster/ctl/text/table.h"

namespace muster::ctl {

// What a command prints: for programs the master's answer, for people a text of whole lines.
struct Answer {
  std::shared_ptr<const google::protobuf::Message> message;
  std::string text;
  // What stands for this master in the table of several. Without it they are shown one after
  // another.
  std::optional<Table> table = {};
};

template <typename Message>
Answer MakeAnswer(Message message, std::string text, std::optional<Table> table = {}) {
  return {.message = std::make_shared<const Message>(std::move(message)),
          .text = std::move(text),
          .table = std::move(table)};
}

}  // namespace muster::ctl

#endif  // MUSTER_CTL_COMMAND_ANSWER_H_
