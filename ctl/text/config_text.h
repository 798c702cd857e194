#ifndef MUSTER_CTL_TEXT_CONFIG_TEXT_H_
#define MUSTER_CTL_TEXT_CONFIG_TEXT_H_

#include <string>

#include "muster/proto/config_call.pb.h"

namespace muster::ctl {

// For people, who may read it as a configuration again: the text after comments that say where it
// comes from.
std::string RenderConfig(const admin::v1::ActiveConfig& config);

// What a check found, a line for each mistake: "/srv/muster.textproto:3:1: listen: is empty".
// `name` is that of the configuration.
std::string RenderMistakes(const admin::v1::ConfigCheck& check, const std::string& name);

// Of a check that found none: "the configuration NAME is good", and what it does not tell.
std::string RenderGood(const admin::v1::ConfigCheck& check, const std::string& name);

// What differs, as diff -u has it: "-PATH: BEFORE" and "+PATH: AFTER" below the names of both.
std::string RenderDifferences(const admin::v1::ConfigCheck& check, const std::string& before,
                              const std::string& after, bool has_colours);

// What a reload would do: "listener 127.0.0.1:8081 is new", a line for each thing that changes.
std::string RenderPlan(const admin::v1::ReloadPlan& plan);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_TEXT_CONFIG_TEXT_H_
