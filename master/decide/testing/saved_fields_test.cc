// Whether each field of the saved core matters: a core that is restored with another value of it
// has to be refused, or to act otherwise. So none can be forgotten on its way through the state.

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "gtest/gtest.h"
#include "muster/master/decide/testing/simulated_machine.h"
#include "muster/proto/state/core_state.pb.h"

namespace muster::master {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// From the whole state down to a field with a value.
using Path = std::vector<const FieldDescriptor*>;

std::string NameOf(const Path& path) {
  std::string name;
  for (const FieldDescriptor* field : path) {
    absl::StrAppend(&name, name.empty() ? "" : ".", field->name());
  }
  return name;
}

void AddPaths(const Descriptor& type, const Path& above, std::vector<Path>& paths) {
  for (int i = 0; i < type.field_count(); ++i) {
    Path path = above;
    path.push_back(type.field(i));
    if (type.field(i)->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      AddPaths(*type.field(i)->message_type(), path, paths);
    } else {
      paths.push_back(path);
    }
  }
}

std::vector<Path> AllPaths() {
  std::vector<Path> paths;
  AddPaths(*state::v1::CoreState::descriptor(), {}, paths);
  return paths;
}

void GiveAnotherValue(Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.SetBool(&message, &field, !reflection.GetBool(message, &field));
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection.SetInt32(&message, &field, reflection.GetInt32(message, &field) + 1);
    case FieldDescriptor::CPPTYPE_INT64:
      // Of a time, what comes after it, too.
      return reflection.SetInt64(&message, &field,
                                 reflection.GetInt64(message, &field) + 1'000'000'007);
    case FieldDescriptor::CPPTYPE_UINT32:
      return reflection.SetUInt32(&message, &field,
                                  reflection.GetUInt32(message, &field) == 1 ? 2 : 1);
    case FieldDescriptor::CPPTYPE_UINT64:
      return reflection.SetUInt64(&message, &field, reflection.GetUInt64(message, &field) + 1);
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection.SetString(&message, &field,
                                  reflection.GetString(message, &field) + "another");
    case FieldDescriptor::CPPTYPE_ENUM: {
      const EnumValueDescriptor& now = *reflection.GetEnum(message, &field);
      const bool is_last = now.index() + 1 == now.type()->value_count();
      return reflection.SetEnum(&message, &field, now.type()->value(is_last ? 1 : now.index() + 1));
    }
    default:
      ADD_FAILURE() << "no other value for " << field.full_name();
  }
}

// Of a repeated message, in its last element. False: the field is not there.
bool Spoil(Message& message, const Path& path, std::size_t depth = 0) {
  const FieldDescriptor& field = *path[depth];
  const Reflection& reflection = *message.GetReflection();
  if (field.is_repeated()) {
    const int size = reflection.FieldSize(message, &field);
    return size > 0 &&
           Spoil(*reflection.MutableRepeatedMessage(&message, &field, size - 1), path, depth + 1);
  }
  if (!reflection.HasField(message, &field)) return false;
  if (depth + 1 < path.size()) {
    return Spoil(*reflection.MutableMessage(&message, &field), path, depth + 1);
  }
  GiveAnotherValue(message, field);
  return true;
}

// What the core has of the settings of the generation that serves and has used at its commit. They
// are saved all the same: so are the settings whole for whoever uses them later.
const std::set<std::string>& UsedBefore() {
  static const std::set<std::string> names = {
      "settings.workers",         "settings.ready_timeout_place",
      "settings.max_generations", "settings.is_from_call",
      "settings.trial_ns",        "settings.trial_max_crashes"};
  return names;
}

// After which of so many quiet points the field is spoilt depends on the history.
std::string FindDifference(const Path& path) {
  for (unsigned seed = 1; seed <= 400; ++seed) {
    unsigned quiet_points = seed * 7 % 50;
    SimulatedMachine machine(seed);
    machine.AddTwin([&path, &quiet_points](state::v1::CoreState& state) {
      if (quiet_points > 0) {
        --quiet_points;
        return false;
      }
      return Spoil(state, path);
    });
    machine.Run(2000);
    if (!machine.difference().empty()) return machine.difference();
  }
  return "";
}

TEST(SavedFields, MatterEachForWhatTheCoreDoes) {
  std::set<std::string> without_effect;
  for (const Path& path : AllPaths()) {
    if (FindDifference(path).empty()) without_effect.insert(NameOf(path));
  }
  EXPECT_EQ(without_effect, UsedBefore());
}

}  // namespace
}  // namespace muster::master
