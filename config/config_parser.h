#ifndef MUSTER_CONFIG_CONFIG_PARSER_H_
#define MUSTER_CONFIG_CONFIG_PARSER_H_

#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "muster/config/syntax/config_format.h"
#include "muster/config/syntax/text_mistake.h"

namespace muster::config {

// A parsed text, as far as it could be parsed.
struct ParsedConfig {
  // In any order.
  std::vector<TextMistake> mistakes;
  // The text with blanks for the statements that have mistakes, so that all others keep their
  // places. `message` was read from this.
  std::string text;
  // The fields that were given, but wrong: the offset of the block around the field, and its name.
  std::set<std::pair<std::size_t, std::string>> spoilt;
  // Whether `message` has all that `text` says.
  bool is_whole = false;
};

// The types of the messages in a google.protobuf.Any.
struct AnyTypes {
  const google::protobuf::DescriptorPool* pool = nullptr;  // null: none
  const google::protobuf::Descriptor* type = nullptr;      // of the one in the configuration
};

// Parses into `message` and goes on behind each mistake, up to some number of them. Needs no
// defaults and fills none in.
ParsedConfig ParseConfig(absl::string_view text, ConfigFormat format,
                         google::protobuf::Message* message, const AnyTypes& any = {});

}  // namespace muster::config

#endif  // MUSTER_CONFIG_CONFIG_PARSER_H_
