#ifndef MUSTER_CONFIG_ACCESS_ACCESS_CHECK_H_
#define MUSTER_CONFIG_ACCESS_ACCESS_CHECK_H_

#include <vector>

#include "muster/proto/config.pb.h"
#include "muster/proto/field_rules.h"

namespace muster::config {

// Mistakes in the text of the rules that say who may call the admin service, with their fields.
// Looks up no names. Pure.
std::vector<FieldMistake> CheckAccess(const v1::Admin& admin);

}  // namespace muster::config

#endif  // MUSTER_CONFIG_ACCESS_ACCESS_CHECK_H_
