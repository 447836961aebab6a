#include "parley/c/handles.hpp"

parley_kind parley_message_kind(const parley_message* message) { return message ? message->kind : PARLEY_EVENT; }
const char* parley_message_name(const parley_message* message) { return message ? message->name.c_str() : ""; }
const char* parley_message_payload(const parley_message* message) { return message ? message->payload.c_str() : "null"; }
size_t parley_message_payload_size(const parley_message* message) { return message ? message->payload.size() : 4; }
const char* parley_message_from(const parley_message* message) { return message ? message->from.c_str() : ""; }
const char* parley_message_text(const parley_message* message) { return message && message->text ? message->text->c_str() : nullptr; }
parley_code parley_message_code(const parley_message* message) { return message ? message->code : PARLEY_INVALID; }
int parley_message_maybe_done(const parley_message* message) { return message && message->maybe_done ? 1 : 0; }
int parley_message_from_peer(const parley_message* message) { return message && message->from_peer ? 1 : 0; }
int parley_message_close_code(const parley_message* message) { return message ? message->close_code : 0; }
void parley_message_free(parley_message* message) { delete message; }
