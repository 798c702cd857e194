#ifndef MUSTER_MASTER_CONFIG_CONFIG_PARSER_H_
#define MUSTER_MASTER_CONFIG_CONFIG_PARSER_H_

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "muster/master/config/syntax_tree.h"

namespace muster::master {

// What a configuration's text says, as far as it says anything.
struct ParsedConfig {
  // In any order.
  std::vector<TextMistake> mistakes;
  // The text without the statements that have mistakes: each is blanked out, so that all others
  // stay where they were. `message` was read from this.
  std::string text;
  // Fields that somebody tried to give, but wrong: the offset of the block around and the name.
  std::set<std::pair<std::size_t, std::string>> spoilt;
  // Whether `message` has all that `text` says.
  bool is_whole = false;
};

// What may stand in a google.protobuf.Any.
struct AnyTypes {
  const google::protobuf::DescriptorPool* pool = nullptr;  // null: nothing
  const google::protobuf::Descriptor* type = nullptr;      // of the one in the configuration
};

// Parse into `message` and go on behind each mistake, up to some number of them.
ParsedConfig ParseTextConfig(absl::string_view text, google::protobuf::Message* message,
                             const AnyTypes& any = {});
ParsedConfig ParseJsonConfig(absl::string_view text, google::protobuf::Message* message,
                             const AnyTypes& any = {});

}  // namespace muster::master

#endif  // MUSTER_MASTER_CONFIG_CONFIG_PARSER_H_
