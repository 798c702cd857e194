#ifndef MUSTER_MASTER_CONFIG_CONFIG_IDENTITY_H_
#define MUSTER_MASTER_CONFIG_CONFIG_IDENTITY_H_

#include <memory>
#include <string>
#include <vector>

#include "muster/master/config/config_entries.h"

namespace muster::master {

// By what a configuration is told from others.
struct ConfigIdentity {
  std::string text;         // the canonical one (config_text.h): defaults filled in, paths absolute
  std::string shown_text;   // the same without secrets
  std::string hash;         // of `text` (config_hash.h)
  std::string source_hash;  // of the bytes that were read
  // The values of `text`, with their secrets. Null: there is no text.
  std::shared_ptr<const std::vector<ConfigEntry>> entries;
  bool is_from_call = false;  // which came with a call, and not from the file
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_CONFIG_CONFIG_IDENTITY_H_
