DROP TABLE script_state_done;
DROP TABLE script_state;
