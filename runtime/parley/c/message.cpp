#include "parley/c/handles.hpp"

parley_kind parley_message_kind(const parley_message* message) { return message->kind; }
const char* parley_message_name(const parley_message* message) { return message->name.c_str(); }
const char* parley_message_payload(const parley_message* message) { return message->payload.c_str(); }
size_t parley_message_payload_size(const parley_message* message) { return message->payload.size(); }
const char* parley_message_from(const parley_message* message) { return message->from.c_str(); }
const char* parley_message_text(const parley_message* message) { return message->text ? message->text->c_str() : nullptr; }
parley_code parley_message_code(const parley_message* message) { return message->code; }
void parley_message_free(parley_message* message) { delete message; }
