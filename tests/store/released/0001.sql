-- Rows of the first release: made by it, as pg_dump wrote them. Nine leads in the middle of their playbooks.
INSERT INTO public.address_owners (lane, workspace_id, value, lead_id) VALUES
	(10, 1, '+16465550100', '01a21447-8c2b-74cc-b6b7-98b1abfd10e9'),
	(1, 1, 'bob0@example.com', '01a21447-8c2b-74cc-b6b7-98b1abfd10e9'),
	(12, 1, '+16465550101', '01a21447-8c69-7e65-944d-79163430b69a'),
	(4, 1, 'bob1@example.com', '01a21447-8c69-7e65-944d-79163430b69a'),
	(6, 1, '+16465550102', '01a21447-8c9d-76b2-b518-0175a99887b6'),
	(10, 1, 'bob2@example.com', '01a21447-8c9d-76b2-b518-0175a99887b6');
INSERT INTO public.addresses (lane, lead_id, workspace_id, kind, value, state, added_at) VALUES
	(15, '01a21447-8afe-73a2-a03e-6889f37c694f', 1, 'phone', '+12122000000', 'ok', '2026-11-23 15:30:00+00'),
	(15, '01a21447-8afe-73a2-a03e-6889f37c694f', 1, 'email', 'lead0@example.com', 'ok', '2026-11-23 15:30:00+00'),
	(11, '01a21447-8afe-7010-96cb-6cc93f5b326b', 1, 'phone', '+12122000001', 'ok', '2026-11-23 15:30:00+00'),
	(11, '01a21447-8afe-7010-96cb-6cc93f5b326b', 1, 'email', 'lead1@example.com', 'ok', '2026-11-23 15:30:00+00'),
	(14, '01a21447-8afe-70a7-a4af-09bc5f9aadde', 1, 'phone', '+12122000002', 'ok', '2026-11-23 15:30:00+00'),
	(14, '01a21447-8afe-70a7-a4af-09bc5f9aadde', 1, 'email', 'lead2@example.com', 'ok', '2026-11-23 15:30:00+00'),
	(0, '01a21447-8afe-7f73-8e98-65ee5360d6a0', 1, 'phone', '+12122000003', 'ok', '2026-11-23 15:30:00+00'),
	(0, '01a21447-8afe-7f73-8e98-65ee5360d6a0', 1, 'email', 'lead3@example.com', 'ok', '2026-11-23 15:30:00+00'),
	(0, '01a21447-8afe-728a-9ee9-82d62f7849f0', 1, 'phone', '+12122000004', 'ok', '2026-11-23 15:30:00+00'),
	(0, '01a21447-8afe-728a-9ee9-82d62f7849f0', 1, 'email', 'lead4@example.com', 'ok', '2026-11-23 15:30:00+00'),
	(12, '01a21447-8afe-7d9a-a105-e9c261ee52ec', 1, 'phone', '+12122000005', 'ok', '2026-11-23 15:30:00+00'),
	(12, '01a21447-8afe-7d9a-a105-e9c261ee52ec', 1, 'email', 'lead5@example.com', 'ok', '2026-11-23 15:30:00+00'),
	(9, '01a21447-8c2b-74cc-b6b7-98b1abfd10e9', 1, 'phone', '+16465550100', 'ok', '2026-11-24 15:30:00+00'),
	(9, '01a21447-8c2b-74cc-b6b7-98b1abfd10e9', 1, 'email', 'bob0@example.com', 'ok', '2026-11-24 15:30:00+00'),
	(10, '01a21447-8c69-7e65-944d-79163430b69a', 1, 'phone', '+16465550101', 'ok', '2026-11-24 15:30:00+00'),
	(10, '01a21447-8c69-7e65-944d-79163430b69a', 1, 'email', 'bob1@example.com', 'ok', '2026-11-24 15:30:00+00'),
	(6, '01a21447-8c9d-76b2-b518-0175a99887b6', 1, 'phone', '+16465550102', 'ok', '2026-11-24 15:30:00+00'),
	(6, '01a21447-8c9d-76b2-b518-0175a99887b6', 1, 'email', 'bob2@example.com', 'ok', '2026-11-24 15:30:00+00');
INSERT INTO public.consents (lane, id, lead_id, workspace_id, level, channels, at, expires_at, wording, wording_text, source, url, ip, user_agent) VALUES
	(15, '01a21447-8afe-7a71-9178-9f698a340e0b', '01a21447-8afe-73a2-a03e-6889f37c694f', 1, 'express_written', '{sms,voicemail}', '2026-11-23 15:30:00+00', NULL, 'sms-2026-11', '', 'website', '', '', ''),
	(15, '01a21447-8afe-7b85-8524-6fd9e28550e2', '01a21447-8afe-73a2-a03e-6889f37c694f', 1, 'inquiry', '{email,call}', '2026-11-23 15:30:00+00', NULL, '', '', 'website', '', '', ''),
	(11, '01a21447-8afe-7688-b23e-f2c2829ce079', '01a21447-8afe-7010-96cb-6cc93f5b326b', 1, 'express_written', '{sms,voicemail}', '2026-11-23 15:30:00+00', NULL, 'sms-2026-11', '', 'website', '', '', ''),
	(11, '01a21447-8afe-7570-abe5-3dc8d308488e', '01a21447-8afe-7010-96cb-6cc93f5b326b', 1, 'inquiry', '{email,call}', '2026-11-23 15:30:00+00', NULL, '', '', 'website', '', '', ''),
	(14, '01a21447-8afe-7d57-9098-57c309c42209', '01a21447-8afe-70a7-a4af-09bc5f9aadde', 1, 'express_written', '{sms,voicemail}', '2026-11-23 15:30:00+00', NULL, 'sms-2026-11', '', 'website', '', '', ''),
	(14, '01a21447-8afe-7fcb-9b46-6b903733f892', '01a21447-8afe-70a7-a4af-09bc5f9aadde', 1, 'inquiry', '{email,call}', '2026-11-23 15:30:00+00', NULL, '', '', 'website', '', '', ''),
	(0, '01a21447-8afe-71db-896e-7f5dbea6612e', '01a21447-8afe-7f73-8e98-65ee5360d6a0', 1, 'express_written', '{sms,voicemail}', '2026-11-23 15:30:00+00', NULL, 'sms-2026-11', '', 'website', '', '', ''),
	(0, '01a21447-8afe-756a-80d7-934fd8bcf639', '01a21447-8afe-7f73-8e98-65ee5360d6a0', 1, 'inquiry', '{email,call}', '2026-11-23 15:30:00+00', NULL, '', '', 'website', '', '', ''),
	(0, '01a21447-8afe-7887-99a2-8a80ac3ca6b9', '01a21447-8afe-728a-9ee9-82d62f7849f0', 1, 'express_written', '{sms,voicemail}', '2026-11-23 15:30:00+00', NULL, 'sms-2026-11', '', 'website', '', '', ''),
	(0, '01a21447-8afe-76fd-ad9a-39d6ae09f27d', '01a21447-8afe-728a-9ee9-82d62f7849f0', 1, 'inquiry', '{email,call}', '2026-11-23 15:30:00+00', NULL, '', '', 'website', '', '', ''),
	(12, '01a21447-8afe-7cda-bac7-859b6877e044', '01a21447-8afe-7d9a-a105-e9c261ee52ec', 1, 'express_written', '{sms,voicemail}', '2026-11-23 15:30:00+00', NULL, 'sms-2026-11', '', 'website', '', '', ''),
	(12, '01a21447-8afe-7ed2-924a-0d35f009b423', '01a21447-8afe-7d9a-a105-e9c261ee52ec', 1, 'inquiry', '{email,call}', '2026-11-23 15:30:00+00', NULL, '', '', 'website', '', '', ''),
	(9, '01a21447-8c3a-784b-9faf-431dae98bfea', '01a21447-8c2b-74cc-b6b7-98b1abfd10e9', 1, 'express_written', '{sms}', '2026-11-24 15:30:00+00', NULL, 'v1', '', '', '', '', ''),
	(9, '01a21447-8c3b-7f0d-8ad3-854edd99ce46', '01a21447-8c2b-74cc-b6b7-98b1abfd10e9', 1, 'express_written', '{voicemail}', '2026-11-24 15:30:00+00', NULL, 'v1', '', '', '', '', ''),
	(9, '01a21447-8c41-7cdb-a190-74f5961915f6', '01a21447-8c2b-74cc-b6b7-98b1abfd10e9', 1, 'inquiry', '{email}', '2026-11-24 15:30:00+00', NULL, 'v1', '', '', '', '', ''),
	(9, '01a21447-8c42-77b9-b636-2d33f804b740', '01a21447-8c2b-74cc-b6b7-98b1abfd10e9', 1, 'inquiry', '{call}', '2026-11-24 15:30:00+00', NULL, 'v1', '', '', '', '', ''),
	(10, '01a21447-8c79-7f68-af32-d049f6204233', '01a21447-8c69-7e65-944d-79163430b69a', 1, 'express_written', '{sms}', '2026-11-24 15:30:00+00', NULL, 'v1', '', '', '', '', ''),
	(10, '01a21447-8c7d-7a40-a598-6d92502b7801', '01a21447-8c69-7e65-944d-79163430b69a', 1, 'express_written', '{voicemail}', '2026-11-24 15:30:00+00', NULL, 'v1', '', '', '', '', ''),
	(10, '01a21447-8c81-71ff-94d0-93380e853f85', '01a21447-8c69-7e65-944d-79163430b69a', 1, 'inquiry', '{email}', '2026-11-24 15:30:00+00', NULL, 'v1', '', '', '', '', ''),
	(10, '01a21447-8c85-7033-bb78-e361952c2f8f', '01a21447-8c69-7e65-944d-79163430b69a', 1, 'inquiry', '{call}', '2026-11-24 15:30:00+00', NULL, 'v1', '', '', '', '', ''),
	(6, '01a21447-8cb9-71c1-9215-164354c6f0a9', '01a21447-8c9d-76b2-b518-0175a99887b6', 1, 'express_written', '{sms}', '2026-11-24 15:30:00+00', NULL, 'v1', '', '', '', '', ''),
	(6, '01a21447-8cbc-7353-a616-da85c3bee545', '01a21447-8c9d-76b2-b518-0175a99887b6', 1, 'express_written', '{voicemail}', '2026-11-24 15:30:00+00', NULL, 'v1', '', '', '', '', ''),
	(6, '01a21447-8cc5-7053-9c62-717de0f8b606', '01a21447-8c9d-76b2-b518-0175a99887b6', 1, 'inquiry', '{email}', '2026-11-24 15:30:00+00', NULL, 'v1', '', '', '', '', ''),
	(6, '01a21447-8cc8-7452-aba9-170135a3da3c', '01a21447-8c9d-76b2-b518-0175a99887b6', 1, 'inquiry', '{call}', '2026-11-24 15:30:00+00', NULL, 'v1', '', '', '', '', '');
INSERT INTO public.decisions (lane, lead_id, seq, workspace_id, enrollment_id, version_id, rules, seen, at, result, reason, until, lead, body) VALUES
	(0, '01a21447-8afe-7f73-8e98-65ee5360d6a0', 1, 1, '01a21447-8afe-707e-b260-4f9473b9f8a4', 8, 'us.fed@2026-11-23;9c0b442d;2026-11-24', 32, '2026-11-24 15:30:00+00', 'plan', '', '2026-11-26 16:14:00+00', '{}', '[{"do":"plan","reason":"","findings":[["opted_out","pass","no opt-out","",null,""],["suppressed","pass","not on any do-not-contact list","",null,""],["human_live","pass","no conversation with a person is open","",null,""],["channel_off","pass","sms is set up","",null,""],["no_address","pass","phone number known","",null,""],["no_consent","pass","has express written consent for sms, wording sms-2026-11","",null,"47 CFR 64.1200(a)(2), (f)(9)"],["unknown_zone","pass","area_code: America/New_York","",null,""],["quiet_hours","pass","10:30 America/New_York","",null,"47 CFR 64.1200(c)(1); 16 CFR 310.4(c)"],["office_hours","pass","does not need the office to be open","",null,""],["attempt_cap","pass","2 of 7 in 7 d","",null,""]],"step":"nudge","channel":"sms","template":"nudge","until":null}]'),
	(0, '01a21447-8afe-728a-9ee9-82d62f7849f0', 2, 1, '01a21447-8afe-7ab3-9623-5ba6bfbe12b3', 8, 'us.fed@2026-11-23;9c0b442d;2026-11-24', 40, '2026-11-24 15:30:00+00', 'plan', '', '2026-11-26 16:16:00+00', '{}', '[{"do":"plan","reason":"","findings":[["opted_out","pass","no opt-out","",null,""],["suppressed","pass","not on any do-not-contact list","",null,""],["human_live","pass","no conversation with a person is open","",null,""],["channel_off","pass","sms is set up","",null,""],["no_address","pass","phone number known","",null,""],["no_consent","pass","has express written consent for sms, wording sms-2026-11","",null,"47 CFR 64.1200(a)(2), (f)(9)"],["unknown_zone","pass","area_code: America/New_York","",null,""],["quiet_hours","pass","10:30 America/New_York","",null,"47 CFR 64.1200(c)(1); 16 CFR 310.4(c)"],["office_hours","pass","does not need the office to be open","",null,""],["attempt_cap","pass","2 of 7 in 7 d","",null,""]],"step":"nudge","channel":"sms","template":"nudge","until":null}]'),
	(12, '01a21447-8afe-7d9a-a105-e9c261ee52ec', 3, 1, '01a21447-8afe-737d-b151-eb20b641e2e6', 8, 'us.fed@2026-11-23;9c0b442d;2026-11-24', 48, '2026-11-24 15:30:00+00', 'plan', '', '2026-11-26 20:19:00+00', '{}', '[{"do":"plan","reason":"","findings":[["opted_out","pass","no opt-out","",null,""],["suppressed","pass","not on any do-not-contact list","",null,""],["human_live","pass","no conversation with a person is open","",null,""],["channel_off","pass","sms is set up","",null,""],["no_address","pass","phone number known","",null,""],["no_consent","pass","has express written consent for sms, wording sms-2026-11","",null,"47 CFR 64.1200(a)(2), (f)(9)"],["unknown_zone","pass","area_code: America/New_York","",null,""],["quiet_hours","pass","10:30 America/New_York","",null,"47 CFR 64.1200(c)(1); 16 CFR 310.4(c)"],["office_hours","pass","does not need the office to be open","",null,""],["attempt_cap","pass","2 of 7 in 7 d","",null,""]],"step":"nudge","channel":"sms","template":"nudge","until":null}]'),
	(9, '01a21447-8c2b-74cc-b6b7-98b1abfd10e9', 4, 1, '01a21447-8c57-768f-b3a6-4118030c3267', 8, 'us.fed@2026-11-23;9c0b442d;2026-11-24', 50, '2026-11-24 15:30:00+00', 'plan', '', '2026-11-24 15:35:00+00', '{}', '[{"do":"plan","reason":"","findings":[["opted_out","pass","no opt-out","",null,""],["suppressed","pass","not on any do-not-contact list","",null,""],["human_live","pass","no conversation with a person is open","",null,""],["channel_off","pass","sms is set up","",null,""],["no_address","pass","phone number known","",null,""],["no_consent","pass","has express written consent for sms, wording v1","",null,"47 CFR 64.1200(f)(15)"],["unknown_zone","pass","area_code: America/New_York","",null,""],["quiet_hours","pass","no hours bind acknowledge by sms","",null,""],["office_hours","pass","does not need the office to be open","",null,""],["attempt_cap","pass","an acknowledgement of the lead''s own request is not counted against it","",null,""]],"step":"ack","channel":"sms","template":"ack","until":null},{"do":"ask","reason":"","findings":[["opted_out","pass","no opt-out","",null,""],["suppressed","pass","not on any do-not-contact list","",null,""],["human_live","pass","no conversation with a person is open","",null,""],["channel_off","pass","call is set up","",null,""],["no_address","pass","phone number known","",null,""],["no_consent","pass","has an inquiry of the lead''s own for call, wording v1","",null,"47 CFR 64.1200(c)(2), (f)(5)"],["unknown_zone","pass","area_code: America/New_York","",null,""],["quiet_hours","pass","10:30 America/New_York","",null,"47 CFR 64.1200(c)(1); 16 CFR 310.4(c)"],["office_hours","pass","10:30 America/New_York, the office is open","",null,""],["attempt_cap","pass","no cap on call","",null,""]],"step":"first-call","channel":"call","until":null}]'),
	(10, '01a21447-8c69-7e65-944d-79163430b69a', 5, 1, '01a21447-8c91-73eb-b3bb-84d70b7f22aa', 2, 'us.fed@2026-11-23;9c0b442d;2026-11-24', 52, '2026-11-24 15:30:00+00', 'plan', '', '2026-11-27 14:30:00+00', '{}', '[{"do":"plan","reason":"","findings":[["opted_out","pass","no opt-out","",null,""],["suppressed","pass","not on any do-not-contact list","",null,""],["human_live","pass","no conversation with a person is open","",null,""],["channel_off","pass","email is set up","",null,""],["no_address","pass","email known","",null,""],["no_consent","pass","has an inquiry of the lead''s own for email, wording v1","",null,"47 CFR 64.1200(f)(15)"],["unknown_zone","pass","area_code: America/New_York","",null,""],["quiet_hours","pass","no hours bind acknowledge by email","",null,""],["office_hours","pass","does not need the office to be open","",null,""],["attempt_cap","pass","an acknowledgement of the lead''s own request is not counted against it","",null,""]],"step":"guide","channel":"email","template":"guide-link","until":null}]'),
	(6, '01a21447-8c9d-76b2-b518-0175a99887b6', 6, 1, '01a21447-8cd6-7d83-af15-95ff1f1fca71', 8, 'us.fed@2026-11-23;9c0b442d;2026-11-24', 54, '2026-11-24 15:30:00+00', 'plan', '', '2026-11-24 15:35:00+00', '{}', '[{"do":"plan","reason":"","findings":[["opted_out","pass","no opt-out","",null,""],["suppressed","pass","not on any do-not-contact list","",null,""],["human_live","pass","no conversation with a person is open","",null,""],["channel_off","pass","sms is set up","",null,""],["no_address","pass","phone number known","",null,""],["no_consent","pass","has express written consent for sms, wording v1","",null,"47 CFR 64.1200(f)(15)"],["unknown_zone","pass","area_code: America/New_York","",null,""],["quiet_hours","pass","no hours bind acknowledge by sms","",null,""],["office_hours","pass","does not need the office to be open","",null,""],["attempt_cap","pass","an acknowledgement of the lead''s own request is not counted against it","",null,""]],"step":"ack","channel":"sms","template":"ack","until":null},{"do":"ask","reason":"","findings":[["opted_out","pass","no opt-out","",null,""],["suppressed","pass","not on any do-not-contact list","",null,""],["human_live","pass","no conversation with a person is open","",null,""],["channel_off","pass","call is set up","",null,""],["no_address","pass","phone number known","",null,""],["no_consent","pass","has an inquiry of the lead''s own for call, wording v1","",null,"47 CFR 64.1200(c)(2), (f)(5)"],["unknown_zone","pass","area_code: America/New_York","",null,""],["quiet_hours","pass","10:30 America/New_York","",null,"47 CFR 64.1200(c)(1); 16 CFR 310.4(c)"],["office_hours","pass","10:30 America/New_York, the office is open","",null,""],["attempt_cap","pass","no cap on call","",null,""]],"step":"first-call","channel":"call","until":null}]');
INSERT INTO public.enrollments (lane, id, lead_id, workspace_id, version_id, playbook, rank, status, due_at, seed, event, started_at, ended_at, end_reason, error, waits) VALUES
	(15, '01a21447-8afe-7af7-af63-c58db41a33ba', '01a21447-8afe-73a2-a03e-6889f37c694f', 1, 8, 'pricing', 90, 'running', '2026-11-24 15:00:00+00', 0, '{"kind":"form.submitted","form":"pricing","source":"website","after_hours":false}', '2026-11-23 15:30:00+00', NULL, '', '', false),
	(11, '01a21447-8afe-742a-8b89-8d62300b2961', '01a21447-8afe-7010-96cb-6cc93f5b326b', 1, 8, 'pricing', 90, 'running', '2026-11-24 15:00:00+00', 1, '{"kind":"form.submitted","form":"pricing","source":"website","after_hours":false}', '2026-11-23 15:30:00+00', NULL, '', '', false),
	(14, '01a21447-8afe-7158-9a0c-dbb7d16ea774', '01a21447-8afe-70a7-a4af-09bc5f9aadde', 1, 8, 'pricing', 90, 'running', '2026-11-24 15:00:00+00', 2, '{"kind":"form.submitted","form":"pricing","source":"website","after_hours":false}', '2026-11-23 15:30:00+00', NULL, '', '', false),
	(0, '01a21447-8afe-707e-b260-4f9473b9f8a4', '01a21447-8afe-7f73-8e98-65ee5360d6a0', 1, 8, 'pricing', 90, 'running', '2026-11-26 16:14:00+00', 3, '{"kind":"form.submitted","form":"pricing","source":"website","after_hours":false}', '2026-11-23 15:30:00+00', NULL, '', '', false),
	(0, '01a21447-8afe-7ab3-9623-5ba6bfbe12b3', '01a21447-8afe-728a-9ee9-82d62f7849f0', 1, 8, 'pricing', 90, 'running', '2026-11-26 16:16:00+00', 4, '{"kind":"form.submitted","form":"pricing","source":"website","after_hours":false}', '2026-11-23 15:30:00+00', NULL, '', '', false),
	(12, '01a21447-8afe-737d-b151-eb20b641e2e6', '01a21447-8afe-7d9a-a105-e9c261ee52ec', 1, 8, 'pricing', 90, 'running', '2026-11-26 20:19:00+00', 5, '{"kind":"form.submitted","form":"pricing","source":"website","after_hours":false}', '2026-11-23 15:30:00+00', NULL, '', '', false),
	(9, '01a21447-8c57-768f-b3a6-4118030c3267', '01a21447-8c2b-74cc-b6b7-98b1abfd10e9', 1, 8, 'pricing', 90, 'running', '2026-11-24 15:35:00+00', 7, '{"kind":"form.submitted","form":"pricing","source":"website","after_hours":false}', '2026-11-24 15:30:00+00', NULL, '', '', false),
	(10, '01a21447-8c91-73eb-b3bb-84d70b7f22aa', '01a21447-8c69-7e65-944d-79163430b69a', 1, 2, 'content-download', 40, 'running', '2026-11-27 14:30:00+00', 7, '{"kind":"form.submitted","form":"content-download","source":"website","after_hours":false}', '2026-11-24 15:30:00+00', NULL, '', '', false),
	(6, '01a21447-8cd6-7d83-af15-95ff1f1fca71', '01a21447-8c9d-76b2-b518-0175a99887b6', 1, 8, 'pricing', 90, 'running', '2026-11-24 15:35:00+00', 7, '{"kind":"form.submitted","form":"pricing","source":"website","after_hours":false}', '2026-11-24 15:30:00+00', NULL, '', '', false);
INSERT INTO public.events (lane, lead_id, seq, workspace_id, kind, at, enrollment_id, step, channel, touch_id, key, data) VALUES
	(15, '01a21447-8afe-73a2-a03e-6889f37c694f', 1, 1, 'form.submitted', '2026-11-23 15:30:00+00', '01a21447-8afe-7af7-af63-c58db41a33ba', '', '', NULL, NULL, '{}'),
	(15, '01a21447-8afe-73a2-a03e-6889f37c694f', 2, 1, 'enrolled', '2026-11-23 15:30:00+00', '01a21447-8afe-7af7-af63-c58db41a33ba', '', '', NULL, NULL, '{}'),
	(15, '01a21447-8afe-73a2-a03e-6889f37c694f', 3, 1, 'touch.planned', '2026-11-23 15:30:00+00', '01a21447-8afe-7af7-af63-c58db41a33ba', 'ack', 'sms', '01a21447-8afe-7c12-900e-d4ab31344e5f', NULL, '{}'),
	(15, '01a21447-8afe-73a2-a03e-6889f37c694f', 4, 1, 'task.opened', '2026-11-23 15:30:00+00', '01a21447-8afe-7af7-af63-c58db41a33ba', 'first-call', 'call', NULL, NULL, '{}'),
	(15, '01a21447-8afe-73a2-a03e-6889f37c694f', 5, 1, 'touch.sent', '2026-11-23 15:30:01.2+00', '01a21447-8afe-7af7-af63-c58db41a33ba', 'ack', 'sms', '01a21447-8afe-7c49-ab2c-f6d018e945b3', NULL, '{}'),
	(15, '01a21447-8afe-73a2-a03e-6889f37c694f', 6, 1, 'task.done', '2026-11-23 15:50:00+00', '01a21447-8afe-7af7-af63-c58db41a33ba', 'first-call', 'call', NULL, NULL, '{"outcome": "missed", "last": true}'),
	(15, '01a21447-8afe-73a2-a03e-6889f37c694f', 7, 1, 'touch.planned', '2026-11-23 16:35:00+00', '01a21447-8afe-7af7-af63-c58db41a33ba', 'context', 'email', '01a21447-8afe-7ccc-a648-1ca2c5e20e2a', NULL, '{}'),
	(15, '01a21447-8afe-73a2-a03e-6889f37c694f', 8, 1, 'touch.sent', '2026-11-23 16:35:01.2+00', '01a21447-8afe-7af7-af63-c58db41a33ba', 'context', 'email', '01a21447-8afe-7ab2-85e5-1e9af5363a4a', NULL, '{}'),
	(11, '01a21447-8afe-7010-96cb-6cc93f5b326b', 9, 1, 'form.submitted', '2026-11-23 15:30:00+00', '01a21447-8afe-742a-8b89-8d62300b2961', '', '', NULL, NULL, '{}'),
	(11, '01a21447-8afe-7010-96cb-6cc93f5b326b', 10, 1, 'enrolled', '2026-11-23 15:30:00+00', '01a21447-8afe-742a-8b89-8d62300b2961', '', '', NULL, NULL, '{}'),
	(11, '01a21447-8afe-7010-96cb-6cc93f5b326b', 11, 1, 'touch.planned', '2026-11-23 15:30:00+00', '01a21447-8afe-742a-8b89-8d62300b2961', 'ack', 'sms', '01a21447-8afe-7471-97c0-8ecbb729775c', NULL, '{}'),
	(11, '01a21447-8afe-7010-96cb-6cc93f5b326b', 12, 1, 'task.opened', '2026-11-23 15:30:00+00', '01a21447-8afe-742a-8b89-8d62300b2961', 'first-call', 'call', NULL, NULL, '{}'),
	(11, '01a21447-8afe-7010-96cb-6cc93f5b326b', 13, 1, 'touch.sent', '2026-11-23 15:30:01.2+00', '01a21447-8afe-742a-8b89-8d62300b2961', 'ack', 'sms', '01a21447-8afe-7c44-b41c-704cb29ba4dd', NULL, '{}'),
	(11, '01a21447-8afe-7010-96cb-6cc93f5b326b', 14, 1, 'task.done', '2026-11-23 15:50:00+00', '01a21447-8afe-742a-8b89-8d62300b2961', 'first-call', 'call', NULL, NULL, '{"outcome": "missed", "last": true}'),
	(11, '01a21447-8afe-7010-96cb-6cc93f5b326b', 15, 1, 'touch.planned', '2026-11-23 16:35:00+00', '01a21447-8afe-742a-8b89-8d62300b2961', 'context', 'email', '01a21447-8afe-74ac-b4ba-906f5e6d8b44', NULL, '{}'),
	(11, '01a21447-8afe-7010-96cb-6cc93f5b326b', 16, 1, 'touch.sent', '2026-11-23 16:35:01.2+00', '01a21447-8afe-742a-8b89-8d62300b2961', 'context', 'email', '01a21447-8afe-783a-8224-dab78b9e2400', NULL, '{}'),
	(14, '01a21447-8afe-70a7-a4af-09bc5f9aadde', 17, 1, 'form.submitted', '2026-11-23 15:30:00+00', '01a21447-8afe-7158-9a0c-dbb7d16ea774', '', '', NULL, NULL, '{}'),
	(14, '01a21447-8afe-70a7-a4af-09bc5f9aadde', 18, 1, 'enrolled', '2026-11-23 15:30:00+00', '01a21447-8afe-7158-9a0c-dbb7d16ea774', '', '', NULL, NULL, '{}'),
	(14, '01a21447-8afe-70a7-a4af-09bc5f9aadde', 19, 1, 'touch.planned', '2026-11-23 15:30:00+00', '01a21447-8afe-7158-9a0c-dbb7d16ea774', 'ack', 'sms', '01a21447-8afe-7153-a96e-e1a2a9b4d203', NULL, '{}'),
	(14, '01a21447-8afe-70a7-a4af-09bc5f9aadde', 20, 1, 'task.opened', '2026-11-23 15:30:00+00', '01a21447-8afe-7158-9a0c-dbb7d16ea774', 'first-call', 'call', NULL, NULL, '{}'),
	(14, '01a21447-8afe-70a7-a4af-09bc5f9aadde', 21, 1, 'touch.sent', '2026-11-23 15:30:01.2+00', '01a21447-8afe-7158-9a0c-dbb7d16ea774', 'ack', 'sms', '01a21447-8afe-7ddf-900e-cc50477a16ab', NULL, '{}'),
	(14, '01a21447-8afe-70a7-a4af-09bc5f9aadde', 22, 1, 'task.done', '2026-11-23 15:50:00+00', '01a21447-8afe-7158-9a0c-dbb7d16ea774', 'first-call', 'call', NULL, NULL, '{"outcome": "missed", "last": true}'),
	(14, '01a21447-8afe-70a7-a4af-09bc5f9aadde', 23, 1, 'touch.planned', '2026-11-23 16:35:00+00', '01a21447-8afe-7158-9a0c-dbb7d16ea774', 'context', 'email', '01a21447-8afe-727c-8a8a-df6c9f9953df', NULL, '{}'),
	(14, '01a21447-8afe-70a7-a4af-09bc5f9aadde', 24, 1, 'touch.sent', '2026-11-23 16:35:01.2+00', '01a21447-8afe-7158-9a0c-dbb7d16ea774', 'context', 'email', '01a21447-8afe-7d93-a522-9b8296d6439f', NULL, '{}'),
	(0, '01a21447-8afe-7f73-8e98-65ee5360d6a0', 25, 1, 'form.submitted', '2026-11-23 15:30:00+00', '01a21447-8afe-707e-b260-4f9473b9f8a4', '', '', NULL, NULL, '{}'),
	(0, '01a21447-8afe-7f73-8e98-65ee5360d6a0', 26, 1, 'enrolled', '2026-11-23 15:30:00+00', '01a21447-8afe-707e-b260-4f9473b9f8a4', '', '', NULL, NULL, '{}'),
	(0, '01a21447-8afe-7f73-8e98-65ee5360d6a0', 27, 1, 'touch.planned', '2026-11-23 15:30:00+00', '01a21447-8afe-707e-b260-4f9473b9f8a4', 'ack', 'sms', '01a21447-8afe-7806-818a-771ff1fa2b84', NULL, '{}'),
	(0, '01a21447-8afe-7f73-8e98-65ee5360d6a0', 28, 1, 'task.opened', '2026-11-23 15:30:00+00', '01a21447-8afe-707e-b260-4f9473b9f8a4', 'first-call', 'call', NULL, NULL, '{}'),
	(0, '01a21447-8afe-7f73-8e98-65ee5360d6a0', 29, 1, 'touch.sent', '2026-11-23 15:30:01.2+00', '01a21447-8afe-707e-b260-4f9473b9f8a4', 'ack', 'sms', '01a21447-8afe-7185-8bf0-9dbff5700680', NULL, '{}'),
	(0, '01a21447-8afe-7f73-8e98-65ee5360d6a0', 30, 1, 'task.done', '2026-11-23 15:50:00+00', '01a21447-8afe-707e-b260-4f9473b9f8a4', 'first-call', 'call', NULL, NULL, '{"outcome": "missed", "last": true}'),
	(0, '01a21447-8afe-7f73-8e98-65ee5360d6a0', 31, 1, 'touch.planned', '2026-11-23 16:35:00+00', '01a21447-8afe-707e-b260-4f9473b9f8a4', 'context', 'email', '01a21447-8afe-7435-b7d6-4a2cb58f1618', NULL, '{}'),
	(0, '01a21447-8afe-7f73-8e98-65ee5360d6a0', 32, 1, 'touch.sent', '2026-11-23 16:35:01.2+00', '01a21447-8afe-707e-b260-4f9473b9f8a4', 'context', 'email', '01a21447-8afe-72ba-9644-a10d2d6baf72', NULL, '{}'),
	(0, '01a21447-8afe-728a-9ee9-82d62f7849f0', 33, 1, 'form.submitted', '2026-11-23 15:30:00+00', '01a21447-8afe-7ab3-9623-5ba6bfbe12b3', '', '', NULL, NULL, '{}'),
	(0, '01a21447-8afe-728a-9ee9-82d62f7849f0', 34, 1, 'enrolled', '2026-11-23 15:30:00+00', '01a21447-8afe-7ab3-9623-5ba6bfbe12b3', '', '', NULL, NULL, '{}'),
	(0, '01a21447-8afe-728a-9ee9-82d62f7849f0', 35, 1, 'touch.planned', '2026-11-23 15:30:00+00', '01a21447-8afe-7ab3-9623-5ba6bfbe12b3', 'ack', 'sms', '01a21447-8afe-706e-85ee-346d45b79958', NULL, '{}'),
	(0, '01a21447-8afe-728a-9ee9-82d62f7849f0', 36, 1, 'task.opened', '2026-11-23 15:30:00+00', '01a21447-8afe-7ab3-9623-5ba6bfbe12b3', 'first-call', 'call', NULL, NULL, '{}'),
	(0, '01a21447-8afe-728a-9ee9-82d62f7849f0', 37, 1, 'touch.sent', '2026-11-23 15:30:01.2+00', '01a21447-8afe-7ab3-9623-5ba6bfbe12b3', 'ack', 'sms', '01a21447-8afe-7cca-925c-4ebf8bc04d5b', NULL, '{}'),
	(0, '01a21447-8afe-728a-9ee9-82d62f7849f0', 38, 1, 'task.done', '2026-11-23 15:50:00+00', '01a21447-8afe-7ab3-9623-5ba6bfbe12b3', 'first-call', 'call', NULL, NULL, '{"outcome": "missed", "last": true}'),
	(0, '01a21447-8afe-728a-9ee9-82d62f7849f0', 39, 1, 'touch.planned', '2026-11-23 16:35:00+00', '01a21447-8afe-7ab3-9623-5ba6bfbe12b3', 'context', 'email', '01a21447-8afe-7091-bcd2-204b1b8c6d1f', NULL, '{}'),
	(0, '01a21447-8afe-728a-9ee9-82d62f7849f0', 40, 1, 'touch.sent', '2026-11-23 16:35:01.2+00', '01a21447-8afe-7ab3-9623-5ba6bfbe12b3', 'context', 'email', '01a21447-8afe-77fe-ad12-fd4768aca675', NULL, '{}'),
	(12, '01a21447-8afe-7d9a-a105-e9c261ee52ec', 41, 1, 'form.submitted', '2026-11-23 15:30:00+00', '01a21447-8afe-737d-b151-eb20b641e2e6', '', '', NULL, NULL, '{}'),
	(12, '01a21447-8afe-7d9a-a105-e9c261ee52ec', 42, 1, 'enrolled', '2026-11-23 15:30:00+00', '01a21447-8afe-737d-b151-eb20b641e2e6', '', '', NULL, NULL, '{}'),
	(12, '01a21447-8afe-7d9a-a105-e9c261ee52ec', 43, 1, 'touch.planned', '2026-11-23 15:30:00+00', '01a21447-8afe-737d-b151-eb20b641e2e6', 'ack', 'sms', '01a21447-8afe-7629-a9ea-c7d01ff42205', NULL, '{}'),
	(12, '01a21447-8afe-7d9a-a105-e9c261ee52ec', 44, 1, 'task.opened', '2026-11-23 15:30:00+00', '01a21447-8afe-737d-b151-eb20b641e2e6', 'first-call', 'call', NULL, NULL, '{}'),
	(12, '01a21447-8afe-7d9a-a105-e9c261ee52ec', 45, 1, 'touch.sent', '2026-11-23 15:30:01.2+00', '01a21447-8afe-737d-b151-eb20b641e2e6', 'ack', 'sms', '01a21447-8afe-7eab-a8cd-53d8e373a827', NULL, '{}'),
	(12, '01a21447-8afe-7d9a-a105-e9c261ee52ec', 46, 1, 'task.done', '2026-11-23 15:50:00+00', '01a21447-8afe-737d-b151-eb20b641e2e6', 'first-call', 'call', NULL, NULL, '{"outcome": "missed", "last": true}'),
	(12, '01a21447-8afe-7d9a-a105-e9c261ee52ec', 47, 1, 'touch.planned', '2026-11-23 16:35:00+00', '01a21447-8afe-737d-b151-eb20b641e2e6', 'context', 'email', '01a21447-8afe-77d7-aafa-2583026281ae', NULL, '{}'),
	(12, '01a21447-8afe-7d9a-a105-e9c261ee52ec', 48, 1, 'touch.sent', '2026-11-23 16:35:01.2+00', '01a21447-8afe-737d-b151-eb20b641e2e6', 'context', 'email', '01a21447-8afe-77eb-8d56-5baaf918ee04', NULL, '{}'),
	(9, '01a21447-8c2b-74cc-b6b7-98b1abfd10e9', 49, 1, 'form.submitted', '2026-11-24 15:30:00+00', '01a21447-8c57-768f-b3a6-4118030c3267', '', '', NULL, NULL, '{}'),
	(9, '01a21447-8c2b-74cc-b6b7-98b1abfd10e9', 50, 1, 'enrolled', '2026-11-24 15:30:00+00', '01a21447-8c57-768f-b3a6-4118030c3267', '', '', NULL, NULL, '{}'),
	(10, '01a21447-8c69-7e65-944d-79163430b69a', 51, 1, 'form.submitted', '2026-11-24 15:30:00+00', '01a21447-8c91-73eb-b3bb-84d70b7f22aa', '', '', NULL, NULL, '{}'),
	(10, '01a21447-8c69-7e65-944d-79163430b69a', 52, 1, 'enrolled', '2026-11-24 15:30:00+00', '01a21447-8c91-73eb-b3bb-84d70b7f22aa', '', '', NULL, NULL, '{}'),
	(6, '01a21447-8c9d-76b2-b518-0175a99887b6', 53, 1, 'form.submitted', '2026-11-24 15:30:00+00', '01a21447-8cd6-7d83-af15-95ff1f1fca71', '', '', NULL, NULL, '{}'),
	(6, '01a21447-8c9d-76b2-b518-0175a99887b6', 54, 1, 'enrolled', '2026-11-24 15:30:00+00', '01a21447-8cd6-7d83-af15-95ff1f1fca71', '', '', NULL, NULL, '{}'),
	(0, '01a21447-8afe-7f73-8e98-65ee5360d6a0', 55, 1, 'touch.planned', '2026-11-24 15:30:00+00', '01a21447-8afe-707e-b260-4f9473b9f8a4', 'nudge', 'sms', '01a21447-98c2-7d2b-88fe-e16c0aaf244b', NULL, '{}'),
	(0, '01a21447-8afe-728a-9ee9-82d62f7849f0', 56, 1, 'touch.planned', '2026-11-24 15:30:00+00', '01a21447-8afe-7ab3-9623-5ba6bfbe12b3', 'nudge', 'sms', '01a21447-98c3-7519-969d-ac45efb6986d', NULL, '{}'),
	(12, '01a21447-8afe-7d9a-a105-e9c261ee52ec', 57, 1, 'touch.planned', '2026-11-24 15:30:00+00', '01a21447-8afe-737d-b151-eb20b641e2e6', 'nudge', 'sms', '01a21447-98e6-742b-994c-c3045c7500b2', NULL, '{}'),
	(9, '01a21447-8c2b-74cc-b6b7-98b1abfd10e9', 58, 1, 'touch.planned', '2026-11-24 15:30:00+00', '01a21447-8c57-768f-b3a6-4118030c3267', 'ack', 'sms', '01a21447-98f5-77bd-99a6-0abfe4ba1c91', NULL, '{}'),
	(9, '01a21447-8c2b-74cc-b6b7-98b1abfd10e9', 59, 1, 'task.opened', '2026-11-24 15:30:00+00', '01a21447-8c57-768f-b3a6-4118030c3267', 'first-call', 'call', NULL, NULL, '{}'),
	(10, '01a21447-8c69-7e65-944d-79163430b69a', 60, 1, 'touch.planned', '2026-11-24 15:30:00+00', '01a21447-8c91-73eb-b3bb-84d70b7f22aa', 'guide', 'email', '01a21447-990a-78ba-b8f5-876263af87bf', NULL, '{}'),
	(6, '01a21447-8c9d-76b2-b518-0175a99887b6', 61, 1, 'touch.planned', '2026-11-24 15:30:00+00', '01a21447-8cd6-7d83-af15-95ff1f1fca71', 'ack', 'sms', '01a21447-9926-769b-a0b5-db18d25128cd', NULL, '{}'),
	(6, '01a21447-8c9d-76b2-b518-0175a99887b6', 62, 1, 'task.opened', '2026-11-24 15:30:00+00', '01a21447-8cd6-7d83-af15-95ff1f1fca71', 'first-call', 'call', NULL, NULL, '{}'),
	(0, '01a21447-8afe-7f73-8e98-65ee5360d6a0', 63, 1, 'touch.sent', '2026-11-24 15:30:00+00', '01a21447-8afe-707e-b260-4f9473b9f8a4', 'nudge', 'sms', '01a21447-98c2-7d2b-88fe-e16c0aaf244b', NULL, '{"last":true}'),
	(0, '01a21447-8afe-728a-9ee9-82d62f7849f0', 64, 1, 'touch.sent', '2026-11-24 15:30:00+00', '01a21447-8afe-7ab3-9623-5ba6bfbe12b3', 'nudge', 'sms', '01a21447-98c3-7519-969d-ac45efb6986d', NULL, '{"last":true}'),
	(12, '01a21447-8afe-7d9a-a105-e9c261ee52ec', 65, 1, 'touch.sent', '2026-11-24 15:30:00+00', '01a21447-8afe-737d-b151-eb20b641e2e6', 'nudge', 'sms', '01a21447-98e6-742b-994c-c3045c7500b2', NULL, '{"last":true}'),
	(9, '01a21447-8c2b-74cc-b6b7-98b1abfd10e9', 66, 1, 'touch.sent', '2026-11-24 15:30:00+00', '01a21447-8c57-768f-b3a6-4118030c3267', 'ack', 'sms', '01a21447-98f5-77bd-99a6-0abfe4ba1c91', NULL, '{"last":false}'),
	(10, '01a21447-8c69-7e65-944d-79163430b69a', 67, 1, 'touch.sent', '2026-11-24 15:30:00+00', '01a21447-8c91-73eb-b3bb-84d70b7f22aa', 'guide', 'email', '01a21447-990a-78ba-b8f5-876263af87bf', NULL, '{"last":true}'),
	(6, '01a21447-8c9d-76b2-b518-0175a99887b6', 68, 1, 'touch.sent', '2026-11-24 15:30:00+00', '01a21447-8cd6-7d83-af15-95ff1f1fca71', 'ack', 'sms', '01a21447-9926-769b-a0b5-db18d25128cd', NULL, '{"last":false}');
INSERT INTO public.leads (lane, id, workspace_id, status, owner, first_name, last_name, company, email, phone, country, region, time_zone, fields, source, created_at, updated_at) VALUES
	(15, '01a21447-8afe-73a2-a03e-6889f37c694f', 1, 'open', 'sam', 'Ann', 'Lee', '', 'lead0@example.com', '+12122000000', 'US', '', '', '{}', 'website', '2026-11-23 15:30:00+00', '2026-11-23 15:30:00+00'),
	(11, '01a21447-8afe-7010-96cb-6cc93f5b326b', 1, 'open', 'sam', 'Ann', 'Lee', '', 'lead1@example.com', '+12122000001', 'US', '', '', '{}', 'website', '2026-11-23 15:30:00+00', '2026-11-23 15:30:00+00'),
	(14, '01a21447-8afe-70a7-a4af-09bc5f9aadde', 1, 'open', 'sam', 'Ann', 'Lee', '', 'lead2@example.com', '+12122000002', 'US', '', '', '{}', 'website', '2026-11-23 15:30:00+00', '2026-11-23 15:30:00+00'),
	(0, '01a21447-8afe-7f73-8e98-65ee5360d6a0', 1, 'open', 'sam', 'Ann', 'Lee', '', 'lead3@example.com', '+12122000003', 'US', '', '', '{}', 'website', '2026-11-23 15:30:00+00', '2026-11-23 15:30:00+00'),
	(0, '01a21447-8afe-728a-9ee9-82d62f7849f0', 1, 'open', 'sam', 'Ann', 'Lee', '', 'lead4@example.com', '+12122000004', 'US', '', '', '{}', 'website', '2026-11-23 15:30:00+00', '2026-11-23 15:30:00+00'),
	(12, '01a21447-8afe-7d9a-a105-e9c261ee52ec', 1, 'open', 'sam', 'Ann', 'Lee', '', 'lead5@example.com', '+12122000005', 'US', '', '', '{}', 'website', '2026-11-23 15:30:00+00', '2026-11-23 15:30:00+00'),
	(9, '01a21447-8c2b-74cc-b6b7-98b1abfd10e9', 1, 'open', 'sam', 'Ann', 'Lee', '', 'bob0@example.com', '+16465550100', 'US', '', '', '{}', 'website', '2026-11-24 15:30:00+00', '2026-11-24 15:30:00+00'),
	(10, '01a21447-8c69-7e65-944d-79163430b69a', 1, 'open', 'sam', 'Ann', 'Lee', '', 'bob1@example.com', '+16465550101', 'US', '', '', '{}', 'website', '2026-11-24 15:30:00+00', '2026-11-24 15:30:00+00'),
	(6, '01a21447-8c9d-76b2-b518-0175a99887b6', 1, 'open', 'sam', 'Ann', 'Lee', '', 'bob2@example.com', '+16465550102', 'US', '', '', '{}', 'website', '2026-11-24 15:30:00+00', '2026-11-24 15:30:00+00');
INSERT INTO public.paces (workspace_id, channel, free_at) VALUES
	(1, 'email', '2026-11-25 19:56:06.410761+00'),
	(1, 'sms', '2026-11-25 19:56:06.434721+00');
INSERT INTO public.workspaces (id, key, name, config, config_source, config_version, applied_at) OVERRIDING SYSTEM VALUE VALUES
	(1, 'acme-roofing', 'Acme Roofing', '{"workspace":{"name":"Acme Roofing","time_zone":"America/New_York","postal_address":"1 Main St, Springfield, IL 62701","public_url":"http://127.0.0.1:8000","website":"https://acme.test","phone":"+15550104400"},"channels":{"sms":{"provider":"sandbox","from":"+15550104400","rate":10},"email":{"provider":"sandbox","from":"Acme Roofing <hello@acme.test>","rate":20},"voicemail":{"provider":"sandbox","from":"+15550104400","rate":5}},"people":{"sam":{"name":"Sam Rivera","email":"sam@acme.test","phone":"+15550104477","role":"rep","booking_url":"https://acme.test/book/sam"},"jo":{"name":"Jo Park","email":"jo@acme.test","phone":"+15550104478","role":"rep","booking_url":"https://acme.test/book/jo"},"kim":{"name":"Kim Ito","email":"kim@acme.test","phone":"+15550104479","role":"manager","booking_url":"https://acme.test/book/kim"}},"teams":{"sales":{"people":["sam","jo"],"manager":"kim"}},"office":{"hours":"mon-fri 09:00-17:30, sat 10:00-14:00","holidays":["us"]},"caps":{"automated_per_day":3,"automated_per_week":7},"acknowledge":{"at_night":true},"links":{"booking":"https://acme.test/book","prices":"https://acme.test/prices","gallery":"https://acme.test/work","guide":"https://acme.test/guide.pdf","checklist":"https://acme.test/checklist"},"wordings":{"sms-2026-11":"By ticking this box I agree that Acme Roofing may send me marketing texts and voicemails, also by automated means, at the number I gave. Consent is not a condition of purchase. Message and data rates may apply. Reply STOP to end.","keyword-2026-11":"Text QUOTE to 555-010-4400 to get texts about your quote from Acme Roofing. Message and data rates may apply. Reply STOP to end."},"sources":{"pricing":{"form":"pricing","map":{"phone":"phone_number"},"consent":[{"level":"express_written","channels":["sms","voicemail"],"field":"agree","wording":"sms-2026-11"},{"level":"inquiry","channels":["email","call"]}]},"demo":{"form":"demo","consent":[{"level":"express_written","channels":["sms","voicemail"],"field":"agree","wording":"sms-2026-11"},{"level":"inquiry","channels":["email","call"]}]},"guide":{"event":"content.downloaded","consent":[{"level":"express_written","channels":["sms"],"field":"agree","wording":"sms-2026-11"},{"level":"inquiry","channels":["email"]}]},"quote":{"event":"quote.requested","consent":[{"level":"express_written","channels":["sms","voicemail"],"field":"agree","wording":"sms-2026-11"},{"level":"inquiry","channels":["email","call"]}]},"phone":{"event":"call.missed","consent":[{"level":"inquiry","channels":["sms","call"]}]},"keyword":{"event":"keyword.received","consent":[{"level":"express","channels":["sms"],"wording":"keyword-2026-11"},{"level":"inquiry","channels":["call"]}]},"calendar":{"event":"appointment.missed","consent":[{"level":"inquiry","channels":["sms","email","call"]}]},"referral":{"event":"lead.referred","consent":[{"level":"inquiry","channels":["email","call"]}]}}}', '# A workspace of Warmline. Everything here runs on one machine with no account anywhere: the channels are sandboxes.
# `warmline check` says what is wrong and what to write instead; `warmline apply` publishes.
[workspace]
name = "Acme Roofing"
time_zone = "America/New_York"
postal_address = "1 Main St, Springfield, IL 62701"
public_url = "http://127.0.0.1:8000"
website = "https://acme.test"
phone = "+15550104400"
# Channels. To send for real, name another provider and keep its secrets in the environment: auth_token = "env:TWILIO_AUTH_TOKEN".
[channels.sms]
provider = "sandbox"
from = "+15550104400"
rate = 10                                 # messages a second, over all workers
[channels.email]
provider = "sandbox"
from = "Acme Roofing <hello@acme.test>"
rate = 20
[channels.voicemail]
provider = "sandbox"
from = "+15550104400"
rate = 5
# People. A team shares its leads out in turn; its manager hears of what was not done in time.
[people.sam]
name = "Sam Rivera"
email = "sam@acme.test"
phone = "+15550104477"
role = "rep"
booking_url = "https://acme.test/book/sam"
[people.jo]
name = "Jo Park"
email = "jo@acme.test"
phone = "+15550104478"
role = "rep"
booking_url = "https://acme.test/book/jo"
[people.kim]
name = "Kim Ito"
email = "kim@acme.test"
phone = "+15550104479"
role = "manager"
booking_url = "https://acme.test/book/kim"
[teams.sales]
people = ["sam", "jo"]
manager = "kim"
[office]
hours = "mon-fri 09:00-17:30, sat 10:00-14:00"
holidays = ["us"]
[caps]
automated_per_day = 3                     # attempts to reach one lead, over all playbooks
automated_per_week = 7
[acknowledge]
at_night = true                           # may the confirmation of a lead''s own request go out at night?
[links]
booking = "https://acme.test/book"
prices = "https://acme.test/prices"
gallery = "https://acme.test/work"
guide = "https://acme.test/guide.pdf"
checklist = "https://acme.test/checklist"
# What leads were shown when they agreed. Never change a text: add a new one, so that every consent keeps its own words.
[wordings]
sms-2026-11 = "By ticking this box I agree that Acme Roofing may send me marketing texts and voicemails, also by automated means, at the number I gave. Consent is not a condition of purchase. Message and data rates may apply. Reply STOP to end."
keyword-2026-11 = "Text QUOTE to 555-010-4400 to get texts about your quote from Acme Roofing. Message and data rates may apply. Reply STOP to end."
# Sources: POST /in/pricing and so on, as a form or as JSON.
[sources.pricing]
form = "pricing"
map = {phone = "phone_number"}            # our field = theirs
consent = [{level = "express_written", channels = ["sms", "voicemail"], field = "agree", wording = "sms-2026-11"},
           {level = "inquiry", channels = ["email", "call"]}]
[sources.demo]
form = "demo"
consent = [{level = "express_written", channels = ["sms", "voicemail"], field = "agree", wording = "sms-2026-11"},
           {level = "inquiry", channels = ["email", "call"]}]
[sources.guide]
event = "content.downloaded"
consent = [{level = "express_written", channels = ["sms"], field = "agree", wording = "sms-2026-11"},
           {level = "inquiry", channels = ["email"]}]
[sources.quote]
event = "quote.requested"
consent = [{level = "express_written", channels = ["sms", "voicemail"], field = "agree", wording = "sms-2026-11"},
           {level = "inquiry", channels = ["email", "call"]}]
[sources.phone]                           # the telephone system reports a call that nobody took
event = "call.missed"
consent = [{level = "inquiry", channels = ["sms", "call"]}]
[sources.keyword]                         # a keyword texted to our number
event = "keyword.received"
consent = [{level = "express", channels = ["sms"], wording = "keyword-2026-11"},
           {level = "inquiry", channels = ["call"]}]
[sources.calendar]                        # the calendar reports who did not come
event = "appointment.missed"
consent = [{level = "inquiry", channels = ["sms", "email", "call"]}]
[sources.referral]
event = "lead.referred"
consent = [{level = "inquiry", channels = ["email", "call"]}]
', 1, '2026-11-24 15:30:00+00');
INSERT INTO public.people (workspace_id, key, name, email, phone, role, booking_url, active) VALUES
	(1, 'sam', 'Sam Rivera', 'sam@acme.test', '+15550104477', 'rep', 'https://acme.test/book/sam', true),
	(1, 'jo', 'Jo Park', 'jo@acme.test', '+15550104478', 'rep', 'https://acme.test/book/jo', true),
	(1, 'kim', 'Kim Ito', 'kim@acme.test', '+15550104479', 'manager', 'https://acme.test/book/kim', true);
INSERT INTO public.playbook_versions (id, workspace_id, key, version, name, digest, source, templates, rank, current, published_at) OVERRIDING SYSTEM VALUE VALUES
	(1, 1, 'after-hours', 1, 'After-hours enquiry', 'a90952be57ed14712c4e3027d9299ccc97a4961a4a8f20e09e9c8e2f0476cd85', '# Who responds first: a text or mail at once, at night too; the owner calls the next business morning.
# On which channels: text, mail, calls, then voicemail.
# For how long: two weeks, then slow nurture.
name: After-hours enquiry
enroll: {when: ''event.kind == "form.submitted" && event.after_hours'', rank: 95, again: after 30 days}
promise: 30 minutes                    # counted in office time, so from the moment the doors open
owner: {team: sales, by: round-robin}
hand-off: {on: [reply, click, callback, meeting], act within: 10 minutes, else: escalate}
steps:
  ack:          {send: sms, or: email, template: night-ack, at: now, purpose: acknowledge}
  details:      {send: email, template: night-details, at: 5 minutes}
  morning-call: {call: owner, at: now, script: discovery, attempts: 2, every: 3 hours, expires: 4 hours, hours: office}
  nudge:        {send: sms, template: nudge, at: ''day 3, 10:00''}
  voicemail:    {send: voicemail, template: personal-note, at: ''day 4..5, 11:00..16:00'', if: ''!history.engaged''}
  reconnect:    {call: owner, at: day 6..7, script: other-angle}
  insight:      {send: email, template: objection, at: day 10..14}
after: {enroll: slow-nurture}
', '{"discovery":"---\nkind: script\n---\nGoal: understand the job and agree on the next step. Five minutes.\n\n1. \"Hi, this is {{ rep.first_name }} from {{ company.name }}. You just asked us about a price. Is this a good moment?\"\n   If not: \"When shall I call?\" Write the time down and end the call.\n2. \"What made you look for it now?\" Listen. Write down their words.\n3. \"What would a good result look like to you?\"\n4. \"Is there a date or a sum that you have to keep to?\"\n5. Offer one next step only: a visit or a written quote. Say the day.\n\nNobody answers: leave no message. The playbook sends the right one.\n","night-ack":"---\nangle: your request arrived tonight\nsubject: ''Got it: I will call you in the morning''\n---\nHi {{ lead.first_name | default: \"there\" }}, {{ rep.first_name }} at {{ company.name }} here. We''re closed right now, but your request is in and I''ll call you in the morning. Better time? Reply with it. STOP to opt out.\n","night-details":"---\nangle: what happens tomorrow\nsubject: ''What happens with your request tomorrow''\n---\nHi {{ lead.first_name | default: \"there\" }},\n\nYour request reached us after closing time, so here is what happens next. I read it before the day begins, I call you in the morning, and if we miss each other nothing is lost: you can pick a time that suits you here.\n\n{{ rep.booking_url | default: links.booking }}\n\n{{ rep.name }}\n{{ company.name }}, {{ rep.phone | phone }}\n","nudge":"---\nangle: one question to get the quote right\n---\nHi {{ lead.first_name | default: \"there\" }}, {{ rep.first_name }} at {{ company.name }}. So that I quote the right job: is it a repair or something new? One word is enough. Reply STOP to opt out.\n","objection":"---\nangle: the worry about hidden costs\nsubject: ''The price you sign is the price you pay''\n---\nHi {{ lead.first_name | default: \"there\" }},\n\nMost people who go quiet after asking for a price worry about the same thing: that the final bill will be another one. Ours is fixed in writing before we begin, and anything new needs your yes first.\n\nIf that was the question, reply \"go\" and I will put numbers on paper. If the timing has changed, \"later\" or \"no thanks\" is a fine answer too.\n\n{{ rep.name }}\n{{ company.name }}, {{ rep.phone | phone }}\n","other-angle":"---\nkind: script\n---\nGoal: another reason to talk than last time. Three minutes.\n\n1. \"Hi, {{ rep.first_name }} from {{ company.name }}. I''m calling about one thing we have not talked about yet.\"\n2. Choose one: what people regret most, what can wait, or who will do the work.\n3. \"Does that matter in your case?\" Listen.\n4. \"Shall I come back to you next month instead?\" A clear \"later\" is a good result: choose a date.\n\nDo not repeat the first offer.\n","personal-note":"---\nangle: a person behind the request\n---\nHi {{ lead.first_name | default: \"there\" }}, this is {{ rep.first_name }} from {{ company.name }}. I have your price request in front of me, and I would rather ask you one thing than guess. No rush. Text me when it suits you, or call {{ rep.phone | phone }}. Thank you.\n"}', 95, true, '2026-11-24 15:30:00+00'),
	(2, 1, 'content-download', 1, 'Content download', '79481287e9e9e842d290c26e5ce24badbb772895f8aa382822ceabe37af6a097', '# Who responds first: nobody calls; the guide arrives by mail at once.
# On which channels: mail, and one text to those who read along.
# For how long: four weeks, then slow nurture after a pause.
name: Content download
enroll: {when: ''event.kind == "content.downloaded"'', rank: 40, again: after 90 days}
owner: {team: sales, by: round-robin}
hand-off: {on: [reply, callback, meeting], act within: 1 day, else: wait}
steps:
  guide:    {send: email, template: guide-link, at: now, purpose: acknowledge}
  tip:      {send: email, template: guide-tip, at: ''day 4, 09:30''}
  question: {send: email, template: guide-question, at: day 9..11}
  text:     {send: sms, template: guide-text, at: ''day 16, 11:00'', if: ''history.opened("tip") || history.opened("question")''}
  story:    {send: email, template: guide-story, at: week 4}
after: {enroll: slow-nurture, in: 14 days}
', '{"guide-link":"---\nangle: the guide you asked for\nsubject: ''Your guide is here''\n---\nHi {{ lead.first_name | default: \"there\" }},\n\nHere is the guide: {{ links.guide }}\n\nIf you only have two minutes, read page four. It is the part people come back to.\n\n{{ rep.name }}\n{{ company.name }}, {{ rep.phone | phone }}\n","guide-question":"---\nangle: what are you planning\nsubject: ''This year, or later?''\n---\nHi {{ lead.first_name | default: \"there\" }},\n\nA short question, and the answer decides what I send you next: is this for something you plan to do this year, or are you reading up for later?\n\n\"This year\" or \"later\" is all I need.\n\n{{ rep.name }}\n{{ company.name }}, {{ rep.phone | phone }}\n","guide-story":"---\nangle: from reading to doing\nsubject: ''Half a year of waiting, nine days of work''\n---\nHi {{ lead.first_name | default: \"there\" }},\n\nA customer of ours read the same guide, waited half a year and then did it in nine days. What changed was not the price. It was knowing who would be there on each of the nine days.\n\nIf you would like such a plan for your own case, reply \"plan\". If not, enjoy the guide: I will write only now and then, and \"no thanks\" ends even that.\n\n{{ rep.name }}\n{{ company.name }}, {{ rep.phone | phone }}\n","guide-text":"---\nangle: the checklist by text\n---\nHi {{ lead.first_name | default: \"there\" }}, {{ rep.first_name }} at {{ company.name }}. The one-page checklist that goes with your guide: {{ links.checklist }} Reply STOP to opt out.\n","guide-tip":"---\nangle: the mistake most people make\nsubject: ''The question everybody skips''\n---\nHi {{ lead.first_name | default: \"there\" }},\n\nOne thing the guide mentions and everybody skips: ask for the second-cheapest option by name. It shows you within a minute whether somebody has understood your case or is selling from a list.\n\nIt works with us, too. Try it.\n\n{{ rep.name }}\n{{ company.name }}, {{ rep.phone | phone }}\n"}', 40, true, '2026-11-24 15:30:00+00'),
	(3, 1, 'demo', 1, 'Demo request', 'dabe32b028b4a592d7e415102bbbd2ba0820ae9b27d3f54a496a5ecd9754e9bf', '# Who responds first: the owner, by phone, within five minutes; a text or mail confirms at once.
# On which channels: text, mail, voicemail and calls.
# For how long: two weeks, then slow nurture.
name: Demo request
enroll: {when: ''event.kind == "form.submitted" && event.form == "demo"'', rank: 88, again: after 30 days}
promise: 5 minutes
owner: {team: sales, by: round-robin}
hand-off: {on: [reply, click, callback, meeting], act within: 10 minutes, else: escalate}
steps:
  ack:        {send: sms, or: email, template: demo-ack, at: now, purpose: acknowledge}
  first-call: {call: owner, at: now, script: demo-plan, attempts: 2, expires: 2 hours}
  agenda:     {send: email, template: demo-agenda, at: 30 minutes after first-call.missed}
  times:      {send: sms, or: email, template: demo-times, at: ''day 2, 10:30''}
  voicemail:  {send: voicemail, template: demo-voicemail, at: ''day 3..4, 11:00..16:00'', if: ''!history.engaged''}
  reconnect:  {call: owner, at: day 5..6, script: other-angle}
  proof:      {send: email, template: demo-proof, at: week 2}
after: {enroll: slow-nurture}
', '{"demo-ack":"---\nangle: your demo is being arranged\nsubject: ''Your demo: what would you like to see?''\n---\nHi {{ lead.first_name | default: \"there\" }}, {{ rep.first_name }} at {{ company.name }}. Your demo request is in. I''m calling you now to find out what you''d like to see. In a meeting? Reply with a time. STOP to opt out.\n","demo-agenda":"---\nangle: twenty minutes, and what is in them\nsubject: ''Your demo in twenty minutes''\n---\nHi {{ lead.first_name | default: \"there\" }},\n\nI missed you on the phone, so here is what the demo looks like: five minutes on how you do things today, ten minutes on the two parts that matter most to you, five for questions. No slides.\n\nChoose a time here and it is settled: {{ rep.booking_url | default: links.booking }}\n\n{{ rep.name }}\n{{ company.name }}, {{ rep.phone | phone }}\n","demo-plan":"---\nkind: script\n---\nGoal: find out what they want to see, and set a time.\n\n1. \"Hi, this is {{ rep.first_name }} from {{ company.name }}. You asked for a demo. Do you have two minutes?\"\n2. \"What should be different for you afterwards?\"\n3. \"Who else should see it?\"\n4. Set the time while you speak, and repeat it aloud.\n","demo-proof":"---\nangle: what others checked first\nsubject: ''Three examples before you decide''\n---\nHi {{ lead.first_name | default: \"there\" }},\n\nBefore they decided, most of our customers wanted to see one thing: work we had done for somebody like them. Here are three examples with numbers and names you may call: {{ links.gallery }}\n\nIf a demo is no longer on your list, reply \"not now\" and I will stop here.\n\n{{ rep.name }}\n{{ company.name }}, {{ rep.phone | phone }}\n","demo-times":"---\nangle: two times to choose from\nsubject: ''Mornings or late afternoons?''\n---\n{{ rep.first_name }} at {{ company.name }} here. For your demo I can do mornings (A) or late afternoons (B) this week. Reply A or B and I''ll send the invite. STOP to opt out.\n","demo-voicemail":"---\nangle: a voice before the demo\n---\nHi {{ lead.first_name | default: \"there\" }}, {{ rep.first_name }} from {{ company.name }}. You asked to see how we work, and I would like to prepare it around your own case. Tell me in one line by text what you are trying to fix, or call me on {{ rep.phone | phone }}.\n","other-angle":"---\nkind: script\n---\nGoal: another reason to talk than last time. Three minutes.\n\n1. \"Hi, {{ rep.first_name }} from {{ company.name }}. I''m calling about one thing we have not talked about yet.\"\n2. Choose one: what people regret most, what can wait, or who will do the work.\n3. \"Does that matter in your case?\" Listen.\n4. \"Shall I come back to you next month instead?\" A clear \"later\" is a good result: choose a date.\n\nDo not repeat the first offer.\n"}', 88, true, '2026-11-24 15:30:00+00'),
	(4, 1, 'keyword-text', 1, 'Keyword text', 'a4c028894c743cb1eb1c8f6080a9a533e3b664ac4902f9d897bfb8f3fc50695a', '# Who responds first: an answer by text at once; the owner calls within fifteen minutes.
# On which channels: mostly text, as the lead chose it; calls and one voicemail.
# For how long: one week, then slow nurture.
name: Keyword text
enroll: {when: ''event.kind == "keyword.received"'', rank: 80, again: after 7 days}
promise: 15 minutes
owner: {team: sales, by: round-robin}
hand-off: {on: [reply, click, callback, meeting], act within: 10 minutes, else: escalate}
steps:
  answer:     {send: sms, template: keyword-answer, at: now, purpose: acknowledge}
  first-call: {call: owner, at: 10 minutes, script: discovery, attempts: 2, expires: 2 hours}
  question:   {send: sms, template: keyword-question, at: ''day 2, 10:00''}
  voicemail:  {send: voicemail, template: keyword-voicemail, at: ''day 4, 11:00..16:00'', if: ''!history.engaged''}
  last-word:  {send: sms, template: keyword-last-word, at: ''day 7, 11:00''}
after: {enroll: slow-nurture, in: 14 days}
', '{"discovery":"---\nkind: script\n---\nGoal: understand the job and agree on the next step. Five minutes.\n\n1. \"Hi, this is {{ rep.first_name }} from {{ company.name }}. You just asked us about a price. Is this a good moment?\"\n   If not: \"When shall I call?\" Write the time down and end the call.\n2. \"What made you look for it now?\" Listen. Write down their words.\n3. \"What would a good result look like to you?\"\n4. \"Is there a date or a sum that you have to keep to?\"\n5. Offer one next step only: a visit or a written quote. Say the day.\n\nNobody answers: leave no message. The playbook sends the right one.\n","keyword-answer":"---\nangle: you texted, we answer\n---\nThanks for texting {{ company.name }}! {{ rep.first_name }} here. I''ll call you in a few minutes. Rather text? Tell me here what you need. STOP to opt out.\n","keyword-last-word":"---\nangle: your decision\n---\n{{ rep.first_name }} at {{ company.name }}. I''ll stop texting now. If you want to pick this up later, reply LATER and I''ll be in touch next month. Reply STOP for never.\n","keyword-question":"---\nangle: one word is enough\n---\n{{ rep.first_name }} at {{ company.name }}. To send you the right thing: is this urgent, or can it wait a few weeks? Reply NOW or LATER. STOP to opt out.\n","keyword-voicemail":"---\nangle: a voice to the text\n---\nHi, this is {{ rep.first_name }} from {{ company.name }}. You sent us a text about a quote, and I would like to get it right for you. Answer by text whenever you like, or call me on {{ rep.phone | phone }}. Bye for now.\n"}', 80, true, '2026-11-24 15:30:00+00'),
	(5, 1, 'missed-appointment', 1, 'Missed appointment', 'efe24113259e503337b6c34c510dcc5f0e539b96e05cd2126052b21becf0f9ea', '# Who responds first: a kind text after ten minutes; the owner calls within the hour.
# On which channels: text, calls, mail, then voicemail.
# For how long: nine days, then slow nurture.
name: Missed appointment
enroll: {when: ''event.kind == "appointment.missed"'', rank: 86, again: always}
promise: 1 hour
owner: {team: sales, by: round-robin}
hand-off: {on: [reply, click, callback, meeting], act within: 15 minutes, else: escalate}
steps:
  missed-you: {send: sms, or: email, template: missed-you, at: 10 minutes}
  rebook:     {call: owner, at: 45 minutes, script: rebook-call, attempts: 2, every: 4 hours, expires: 2 hours}
  options:    {send: email, template: rebook-options, at: ''day 2, 09:30''}
  voicemail:  {send: voicemail, template: rebook-voicemail, at: ''day 4, 11:00..16:00'', if: ''!history.engaged''}
  last-call:  {call: owner, at: day 6, script: other-angle}
  close:      {send: email, or: sms, template: rebook-close, at: day 9}
after: {enroll: slow-nurture, in: 14 days}
', '{"missed-you":"---\nangle: no harm done\nsubject: ''We had a time today''\n---\nHi {{ lead.first_name | default: \"there\" }}, {{ rep.first_name }} at {{ company.name }}. We had a time today and I hope all is well. Shall I find us another one? Reply YES. STOP to opt out.\n","other-angle":"---\nkind: script\n---\nGoal: another reason to talk than last time. Three minutes.\n\n1. \"Hi, {{ rep.first_name }} from {{ company.name }}. I''m calling about one thing we have not talked about yet.\"\n2. Choose one: what people regret most, what can wait, or who will do the work.\n3. \"Does that matter in your case?\" Listen.\n4. \"Shall I come back to you next month instead?\" A clear \"later\" is a good result: choose a date.\n\nDo not repeat the first offer.\n","rebook-call":"---\nkind: script\n---\nGoal: a new time, without blame.\n\n1. \"Hi, {{ rep.first_name }} from {{ company.name }}. We had a time today. Is everything all right?\"\n2. \"Shall we find another time, or do it now in five minutes?\"\n3. If they hesitate: \"Has something changed?\" Listen. It may be a \"later\": choose a date.\n","rebook-close":"---\nangle: keep or release your place\nsubject: ''Shall I keep your notes?''\n---\nHi {{ lead.first_name | default: \"there\" }}, {{ rep.first_name }} at {{ company.name }}. I''m keeping your notes until the end of the month. Still on? Reply KEEP. Otherwise I''ll put them away. STOP to opt out.\n","rebook-options":"---\nangle: pick the next time yourself\nsubject: ''Fifteen minutes, whenever it suits you''\n---\nHi {{ lead.first_name | default: \"there\" }},\n\nDays get away from people, mine too. Everything I prepared for our appointment is still here, so the next one can be shorter: fifteen minutes are enough.\n\nChoose any time that suits you: {{ rep.booking_url | default: links.booking }}\n\n{{ rep.name }}\n{{ company.name }}, {{ rep.phone | phone }}\n","rebook-voicemail":"---\nangle: the work is already done\n---\nHi {{ lead.first_name | default: \"there\" }}, {{ rep.first_name }} from {{ company.name }}. What I prepared for our appointment is lying here, and most of it I can tell you in five minutes by phone. Call me on {{ rep.phone | phone }}, or text me a time.\n"}', 86, true, '2026-11-24 15:30:00+00'),
	(6, 1, 'missed-call', 1, 'Missed call', 'a0f6e82250d0ca4c1f652c28b1bea2fbcb99e0f74753654d7b16ad3f199872e3', '# Who responds first: a text at once; the owner calls back within fifteen minutes.
# On which channels: text and calls, then one voicemail.
# For how long: one week, then slow nurture.
name: Missed call
enroll: {when: ''event.kind == "call.missed"'', rank: 84, again: after 1 day}
promise: 15 minutes
owner: {team: sales, by: round-robin}
hand-off: {on: [reply, click, callback, meeting], act within: 10 minutes, else: escalate}
steps:
  text-back: {send: sms, template: text-back, at: now, purpose: acknowledge}
  call-back: {call: owner, at: 5 minutes, script: call-back, attempts: 3, every: 2 hours, expires: 1 hour}
  voicemail: {send: voicemail, template: call-note, at: ''day 2 after call-back.unanswered, 11:00..15:00''}
  choice:    {send: sms, or: email, template: call-choice, at: ''day 4, 10:00''}
  last-call: {call: owner, at: day 7, script: other-angle}
after: {enroll: slow-nurture, in: 14 days}
', '{"call-back":"---\nkind: script\n---\nGoal: answer what they called about, at once if you can.\n\n1. \"Hi, {{ rep.first_name }} from {{ company.name }}. You called us earlier and I am sorry we missed it. How can I help?\"\n2. Answer it, or say who will and by when.\n3. Repeat what happens next, and when.\n","call-choice":"---\nangle: text instead of talking\nsubject: ''Your call to us: what was it about?''\n---\n{{ rep.first_name }} at {{ company.name }} again about your call. Is it about a new job (1), a running one (2) or a bill (3)? Reply with the number. STOP to opt out.\n","call-note":"---\nangle: your call is not forgotten\n---\nHi {{ lead.first_name | default: \"there\" }}, {{ rep.first_name }} from {{ company.name }}. You called us, and now we keep missing each other. My own number is {{ rep.phone | phone }}. Or text me what it is about, and I will have the answer ready.\n","other-angle":"---\nkind: script\n---\nGoal: another reason to talk than last time. Three minutes.\n\n1. \"Hi, {{ rep.first_name }} from {{ company.name }}. I''m calling about one thing we have not talked about yet.\"\n2. Choose one: what people regret most, what can wait, or who will do the work.\n3. \"Does that matter in your case?\" Listen.\n4. \"Shall I come back to you next month instead?\" A clear \"later\" is a good result: choose a date.\n\nDo not repeat the first offer.\n","text-back":"---\nangle: we missed your call\n---\nHi, {{ rep.first_name }} at {{ company.name }}. Sorry we missed your call just now! I''ll ring you back in a few minutes. Easier by text? Tell me here what you need. STOP to opt out.\n"}', 84, true, '2026-11-24 15:30:00+00'),
	(7, 1, 'opened-but-silent', 1, 'Quote opened but silent', '9d4711006142283ae71c984031cb309b2ee065262a9447ff8c6f442a79fcf789', '# Who responds first: the written quote goes out by mail at once; the owner calls the day after it was opened.
# On which channels: mail, and then a voice rather than another mail. Whoever never opens it gets a text.
# For how long: ten days, then slow nurture.
name: Quote opened but silent
enroll: {when: ''event.kind == "quote.requested"'', rank: 75, again: after 14 days}
promise: 1 day
owner: {team: sales, by: round-robin}
hand-off: {on: [reply, click, callback, meeting], act within: 15 minutes, else: escalate}
steps:
  quote:     {send: email, template: quote-details, at: now, purpose: acknowledge}
  # Opened, and no reply by the next morning: somebody calls. A reply would have stopped all of this.
  call:      {call: owner, at: ''day 2 after quote.opened, 10:00'', script: quote-questions, expires: 6 hours}
  voicemail: {send: voicemail, template: quote-voicemail, at: 2 hours after call.missed}
  # Not opened after two days: the mail is buried, so another channel says that it is there.
  text:      {send: sms, template: quote-text, at: ''day 3, 10:00'', if: ''!history.opened("quote")''}
  check-in:  {call: owner, at: day 5..6, script: other-angle, if: ''!history.opened("quote")''}
  close:     {send: email, template: quote-close, at: day 10}
after: {enroll: slow-nurture, in: 14 days}
', '{"other-angle":"---\nkind: script\n---\nGoal: another reason to talk than last time. Three minutes.\n\n1. \"Hi, {{ rep.first_name }} from {{ company.name }}. I''m calling about one thing we have not talked about yet.\"\n2. Choose one: what people regret most, what can wait, or who will do the work.\n3. \"Does that matter in your case?\" Listen.\n4. \"Shall I come back to you next month instead?\" A clear \"later\" is a good result: choose a date.\n\nDo not repeat the first offer.\n","quote-close":"---\nangle: is it still relevant\nsubject: ''Yes, later or no?''\n---\nHi {{ lead.first_name | default: \"there\" }},\n\nYour quote stays valid, and so does your peace: I will not keep asking. Where does this stand for you, \"yes\", \"later\" or \"no\"?\n\nAny of the three helps me, and after \"no\" you will not hear from me again.\n\n{{ rep.name }}\n{{ company.name }}, {{ rep.phone | phone }}\n","quote-details":"---\nangle: your quote, explained\nsubject: ''Your quote, line by line''\n---\nHi {{ lead.first_name | default: \"there\" }},\n\nYour quote request is in, and I am working on the figures. So that you can read them easily when they arrive: the first line is the work, the second the material, the third what we take away for you. Nothing else will be added.\n\nIs there a sum that you must stay under? Reply with it and I will plan for that.\n\n{{ rep.name }}\n{{ company.name }}, {{ rep.phone | phone }}\n","quote-questions":"---\nkind: script\n---\nGoal: they have opened the quote and not answered. Find the open question.\n\n1. \"Hi, {{ rep.first_name }} from {{ company.name }}, about your quote. Which part of it is not clear yet?\"\n2. Explain that line only. Do not defend the price.\n3. \"Is there anything that would have to be different for you to say yes?\"\n4. Agree on the next step, or on a date to talk again.\n","quote-text":"---\nangle: it may be in the wrong folder\n---\nHi {{ lead.first_name | default: \"there\" }}, {{ rep.first_name }} at {{ company.name }}. I mailed you about your quote; it may have landed in spam. Shall I text you the main figure? Reply YES. STOP to opt out.\n","quote-voicemail":"---\nangle: questions are easier aloud\n---\nHi {{ lead.first_name | default: \"there\" }}, {{ rep.first_name }} from {{ company.name }} about your quote. Some lines of it are easier to explain aloud than in a mail. Call me on {{ rep.phone | phone }}, or text me the line that puzzles you. Thanks.\n"}', 75, true, '2026-11-24 15:30:00+00'),
	(8, 1, 'pricing', 1, 'Pricing request', '6522e92077f8db6353634595f912e200800046bc9785411e7bd151b290a88227', '# Who responds first: the owner, by phone, within five minutes; a text or mail confirms at once.
# On which channels: text, mail, voicemail and calls, one after the other.
# For how long: two weeks, then slow nurture.
name: Pricing request
enroll: {when: ''event.kind == "form.submitted" && event.form == "pricing"'', rank: 90, again: after 30 days}
promise: 5 minutes                     # first human touch; counted, shown, escalated
owner: {team: sales, by: round-robin}
hand-off: {on: [reply, click, callback, meeting], act within: 10 minutes, else: escalate}
steps:
  ack:        {send: sms, or: email, template: ack, at: now, purpose: acknowledge}
  first-call: {call: owner, at: now, script: discovery, attempts: 2, expires: 2 hours, hours: office}
  context:    {send: email, template: context, at: 45 minutes after first-call.missed}
  nudge:      {send: sms, template: nudge, at: ''day 2, 10:00''}
  voicemail:  {send: voicemail, template: personal-note, at: ''day 3..4, 11:00..16:00'', if: ''!history.engaged''}
  reconnect:  {call: owner, at: day 5..6, script: other-angle}
  insight:    {send: email, at: week 2, template: {if: ''history.clicked("context")'', use: case-fit, else: objection}}
after: {enroll: slow-nurture}
', '{"ack":"---\nangle: your request arrived\nsubject: ''Your price request is with me''\n---\nHi {{ lead.first_name | default: \"there\" }}, {{ rep.first_name }} at {{ company.name }} here. Your price request is in and I''m about to call you. Would later suit you better? Reply with a time. STOP to opt out.\n","case-fit":"---\nangle: a job like yours\nsubject: ''How it went for a neighbour''\n---\nHi {{ lead.first_name | default: \"there\" }},\n\nYou had a look at what drives the price, so here is how it turned out for somebody with a job like yours: what they feared, what it cost in the end, and what they would do differently.\n\n{{ links.gallery }}\n\nIf the timing has changed, reply \"later\" and I will come back in a few months, or \"no thanks\" and I will leave it there.\n\n{{ rep.name }}\n{{ company.name }}, {{ rep.phone | phone }}\n","context":"---\nangle: what a price depends on\nsubject: ''What your price will depend on''\n---\nHi {{ lead.first_name | default: \"there\" }},\n\nI tried to call you about the price you asked for and missed you. Until we speak, three things decide most of what a job like yours costs: its size, the material, and how soon you need it done.\n\nThis page shows real ranges for each, so that nothing I tell you later comes as a surprise: {{ links.prices }}\n\n{{ rep.name }}\n{{ company.name }}, {{ rep.phone | phone }}\n","discovery":"---\nkind: script\n---\nGoal: understand the job and agree on the next step. Five minutes.\n\n1. \"Hi, this is {{ rep.first_name }} from {{ company.name }}. You just asked us about a price. Is this a good moment?\"\n   If not: \"When shall I call?\" Write the time down and end the call.\n2. \"What made you look for it now?\" Listen. Write down their words.\n3. \"What would a good result look like to you?\"\n4. \"Is there a date or a sum that you have to keep to?\"\n5. Offer one next step only: a visit or a written quote. Say the day.\n\nNobody answers: leave no message. The playbook sends the right one.\n","nudge":"---\nangle: one question to get the quote right\n---\nHi {{ lead.first_name | default: \"there\" }}, {{ rep.first_name }} at {{ company.name }}. So that I quote the right job: is it a repair or something new? One word is enough. Reply STOP to opt out.\n","objection":"---\nangle: the worry about hidden costs\nsubject: ''The price you sign is the price you pay''\n---\nHi {{ lead.first_name | default: \"there\" }},\n\nMost people who go quiet after asking for a price worry about the same thing: that the final bill will be another one. Ours is fixed in writing before we begin, and anything new needs your yes first.\n\nIf that was the question, reply \"go\" and I will put numbers on paper. If the timing has changed, \"later\" or \"no thanks\" is a fine answer too.\n\n{{ rep.name }}\n{{ company.name }}, {{ rep.phone | phone }}\n","other-angle":"---\nkind: script\n---\nGoal: another reason to talk than last time. Three minutes.\n\n1. \"Hi, {{ rep.first_name }} from {{ company.name }}. I''m calling about one thing we have not talked about yet.\"\n2. Choose one: what people regret most, what can wait, or who will do the work.\n3. \"Does that matter in your case?\" Listen.\n4. \"Shall I come back to you next month instead?\" A clear \"later\" is a good result: choose a date.\n\nDo not repeat the first offer.\n","personal-note":"---\nangle: a person behind the request\n---\nHi {{ lead.first_name | default: \"there\" }}, this is {{ rep.first_name }} from {{ company.name }}. I have your price request in front of me, and I would rather ask you one thing than guess. No rush. Text me when it suits you, or call {{ rep.phone | phone }}. Thank you.\n"}', 90, true, '2026-11-24 15:30:00+00'),
	(9, 1, 're-entry', 1, 'Re-entry of a stale lead', 'e77fcda19975a38b74a319953047c4ced9a43c38118268a0840330946932f06c', '# Who responds first: the owner, the same day, when the lead came back by itself; otherwise a mail.
# On which channels: mail, voicemail where the mail has gone quiet, text, one call.
# For how long: two weeks, then the lead is closed until it comes back.
name: Re-entry of a stale lead
enroll: {when: ''event.kind == "lead.returned"'', rank: 70, again: after 60 days}
owner: {team: sales, by: round-robin}
hand-off: {on: [reply, click, callback, meeting], act within: 30 minutes, else: escalate}
steps:
  warm-call: {call: owner, at: 15 minutes, script: welcome-back, if: ''event.kind == "lead.returned"'', expires: 6 hours}
  hello:     {send: email, template: back-hello, at: 2 hours}
  voicemail: {send: voicemail, template: back-voicemail, at: ''day 3..4, 11:00..16:00'', if: ''!history.engaged''}
  text:      {send: sms, template: back-text, at: ''day 6, 10:30''}
  last-call: {call: owner, at: day 9..10, script: other-angle, if: ''history.engaged''}
  close:     {send: email, template: back-close, at: week 2}
after: close
', '{"back-close":"---\nangle: closing the file\nsubject: ''Shall I close your file?''\n---\nHi {{ lead.first_name | default: \"there\" }},\n\nI am tidying my list and would like to get yours right. If this is still open for you, reply \"open\". If I hear nothing, I will close it, and you will not get any more follow-ups.\n\nIt was good to be asked. The door stays open.\n\n{{ rep.name }}\n{{ company.name }}, {{ rep.phone | phone }}\n","back-hello":"---\nangle: where we left off\nsubject: ''Where we left off''\n---\nHi {{ lead.first_name | default: \"there\" }},\n\nIt has been a while since you asked us about a job. I kept what you told me then, so you need not explain anything twice.\n\nWhat has changed since? One line is plenty.\n\n{{ rep.name }}\n{{ company.name }}, {{ rep.phone | phone }}\n","back-text":"---\nangle: a fresh quote without the questions\n---\nHi {{ lead.first_name | default: \"there\" }}, {{ rep.first_name }} at {{ company.name }}. I can bring your old quote up to date from my notes, without new questions. Want it? Reply YES. STOP to opt out.\n","back-voicemail":"---\nangle: a familiar voice\n---\nHi {{ lead.first_name | default: \"there\" }}, {{ rep.first_name }} from {{ company.name }}. We were in touch some months ago, and I still have your notes. If it is on your mind again, text me one word, or call {{ rep.phone | phone }}. If not, all the best to you.\n","other-angle":"---\nkind: script\n---\nGoal: another reason to talk than last time. Three minutes.\n\n1. \"Hi, {{ rep.first_name }} from {{ company.name }}. I''m calling about one thing we have not talked about yet.\"\n2. Choose one: what people regret most, what can wait, or who will do the work.\n3. \"Does that matter in your case?\" Listen.\n4. \"Shall I come back to you next month instead?\" A clear \"later\" is a good result: choose a date.\n\nDo not repeat the first offer.\n","welcome-back":"---\nkind: script\n---\nGoal: they came back by themselves. Find out what has changed.\n\n1. \"Hi, {{ rep.first_name }} from {{ company.name }}. We spoke some time ago and I thought of you. Is this a good moment?\"\n2. \"What has changed since then?\"\n3. Read back what you noted last time, and ask what still holds.\n4. One next step, with a day.\n\nDo not mention that you saw them on the website.\n"}', 70, true, '2026-11-24 15:30:00+00'),
	(10, 1, 'referral', 1, 'Referral', '3764725337a8835ea48d183bb72ae001261605f97e9e284148d916fe967d6acd', '# Who responds first: the owner, by phone, within the hour.
# On which channels: a call first, then mail, text and voicemail that name the person in common.
# For how long: twelve days, then slow nurture.
name: Referral
enroll: {when: ''event.kind == "lead.referred"'', rank: 92, again: after 60 days}
promise: 1 hour
owner: {team: sales, by: round-robin}
hand-off: {on: [reply, click, callback, meeting], act within: 30 minutes, else: escalate}
steps:
  first-call: {call: owner, at: now, script: referral-call, attempts: 3, every: 4 hours, expires: 3 hours}
  hello:      {send: email, template: referral-hello, at: 30 minutes after first-call.missed}
  text:       {send: sms, or: email, template: referral-text, at: ''day 3, 10:00''}
  voicemail:  {send: voicemail, template: referral-voicemail, at: ''day 5..6, 11:00..16:00'', if: ''!history.engaged''}
  reconnect:  {call: owner, at: day 8..9, script: other-angle}
  close:      {send: email, template: referral-close, at: day 12}
after: {enroll: slow-nurture, in: 30 days}
', '{"other-angle":"---\nkind: script\n---\nGoal: another reason to talk than last time. Three minutes.\n\n1. \"Hi, {{ rep.first_name }} from {{ company.name }}. I''m calling about one thing we have not talked about yet.\"\n2. Choose one: what people regret most, what can wait, or who will do the work.\n3. \"Does that matter in your case?\" Listen.\n4. \"Shall I come back to you next month instead?\" A clear \"later\" is a good result: choose a date.\n\nDo not repeat the first offer.\n","referral-call":"---\nkind: script\n---\nGoal: a friendly first talk. You have a name in common, do not wear it out.\n\n1. \"Hi, this is {{ rep.first_name }} from {{ company.name }}. {{ lead.fields.referred_by | default: \"A customer of ours\" }} gave me your name. Did they tell you that I would call?\"\n2. \"What are you planning?\" Listen more than you speak.\n3. If there is something: agree on a time to look at it together.\n4. If there is nothing: thank them, and ask whether you may write now and then.\n","referral-close":"---\nangle: no hard feelings\nsubject: ''I will leave it with you''\n---\nHi {{ lead.first_name | default: \"there\" }},\n\nI said I would not chase you, so this is my last note for now. If {{ lead.fields.referred_by | default: \"our customer\" }} was right and it becomes useful one day, one line to this address reaches me.\n\nIf you would rather not hear from us again, reply \"no thanks\".\n\n{{ rep.name }}\n{{ company.name }}, {{ rep.phone | phone }}\n","referral-hello":"---\nangle: somebody you know sent me\nsubject: ''{{ lead.fields.referred_by | default: \"A customer of ours\" }} gave me your name''\n---\nHi {{ lead.first_name | default: \"there\" }},\n\n{{ lead.fields.referred_by | default: \"A customer of ours\" }} thought that we two should talk, and gave me your name. I would like to hear what you are planning before I say anything about us.\n\nWhen is a good moment for a short call?\n\n{{ rep.name }}\n{{ company.name }}, {{ rep.phone | phone }}\n","referral-text":"---\nangle: what I did for them\nsubject: ''Shall I show you what we did for them?''\n---\nHi {{ lead.first_name | default: \"there\" }}, {{ rep.first_name }} at {{ company.name }}. {{ lead.fields.referred_by | default: \"A customer\" }} gave me your name. Shall I send you what we did for them? Reply YES. STOP to opt out.\n","referral-voicemail":"---\nangle: a name you know\n---\nHi {{ lead.first_name | default: \"there\" }}, this is {{ rep.first_name }} from {{ company.name }}. {{ lead.fields.referred_by | default: \"A customer of ours\" }} gave me your name. I am not calling to sell you anything today. If you have a question, text me or call {{ rep.phone | phone }}.\n"}', 92, true, '2026-11-24 15:30:00+00'),
	(11, 1, 'slow-nurture', 1, 'Slow nurture', 'f5df4e7eaafdb73e82a2077078f5c68a4e5fce4d80cc27d8c487260b8dcdac64', '# Who responds first: nobody, until the lead does; then its owner, within the day.
# On which channels: a mail every few weeks, one text.
# For how long: fifteen weeks, a rest of three months, then one fresh start.
name: Slow nurture
enroll: {rank: 20, again: after 90 days}
owner: {team: sales, by: round-robin}
hand-off: {on: [reply, click, callback, meeting], act within: 4 hours, else: escalate}
steps:
  season:  {send: email, template: nurture-season, at: week 2}
  story:   {send: email, template: nurture-story, at: week 5}
  numbers: {send: email, template: nurture-numbers, at: week 8}
  ask:     {send: sms, or: email, template: nurture-ask, at: ''day 84, 11:00''}
  pause:   {send: email, template: nurture-pause, at: week 15}
after: {enroll: re-entry, in: 90 days}
', '{"nurture-ask":"---\nangle: still planning\nsubject: ''Is it still on for this year?''\n---\nHi {{ lead.first_name | default: \"there\" }}, {{ rep.first_name }} at {{ company.name }}. Is your project still on for this year? Reply Y and I''ll send times, or N and I''ll leave it. STOP to opt out.\n","nurture-numbers":"---\nangle: prices this year\nsubject: ''What has become cheaper this year''\n---\nHi {{ lead.first_name | default: \"there\" }},\n\nWe have brought our price page up to date. What has become dearer stands next to what has become cheaper, so you can see whether waiting pays: {{ links.prices }}\n\n{{ rep.name }}\n{{ company.name }}, {{ rep.phone | phone }}\n","nurture-pause":"---\nangle: permission to stop\nsubject: ''Quiet for three months''\n---\nHi {{ lead.first_name | default: \"there\" }},\n\nYou have had a few notes from me and no reason to answer, so I will be quiet for three months now.\n\nIf you would rather have no more of them at all, reply \"no thanks\". If something has come up in the meantime, reply \"now\".\n\n{{ rep.name }}\n{{ company.name }}, {{ rep.phone | phone }}\n","nurture-season":"---\nangle: what this season is good for\nsubject: ''Before the rush''\n---\nHi {{ lead.first_name | default: \"there\" }},\n\nA note from our calendar, not an offer: jobs that are planned now are usually done before the rush, and people who wait for the rush pay for it in weeks.\n\nIf you would like to know what that means for yours, reply \"when\".\n\n{{ rep.name }}\n{{ company.name }}, {{ rep.phone | phone }}\n","nurture-story":"---\nangle: a short story from our work\nsubject: ''A job that was left half done''\n---\nHi {{ lead.first_name | default: \"there\" }},\n\nLast month we were called to a job that somebody else had left half done. Three photographs and what we learned from it: {{ links.gallery }}\n\nIt is a quick read, and may save you the same trouble.\n\n{{ rep.name }}\n{{ company.name }}, {{ rep.phone | phone }}\n"}', 20, true, '2026-11-24 15:30:00+00');
INSERT INTO public.tasks (lane, id, lead_id, workspace_id, enrollment_id, step, attempt, kind, title, script, owner, due_at, expires_at, status, outcome, note, opened_at, done_at, done_by) VALUES
	(9, '01a21447-98f5-791a-93c7-57f7efb6aa03', '01a21447-8c2b-74cc-b6b7-98b1abfd10e9', 1, '01a21447-8c57-768f-b3a6-4118030c3267', 'first-call', 1, 'call', 'Call Ann Lee', 'discovery', 'sam', '2026-11-24 15:30:00+00', '2026-11-24 17:30:00+00', 'open', '', '', '2026-11-24 15:30:00+00', NULL, ''),
	(6, '01a21447-9926-7821-9fcb-ea157e9630a2', '01a21447-8c9d-76b2-b518-0175a99887b6', 1, '01a21447-8cd6-7d83-af15-95ff1f1fca71', 'first-call', 1, 'call', 'Call Ann Lee', 'discovery', 'sam', '2026-11-24 15:30:00+00', '2026-11-24 17:30:00+00', 'open', '', '', '2026-11-24 15:30:00+00', NULL, '');
INSERT INTO public.touches (lane, id, lead_id, workspace_id, enrollment_id, version_id, step, channel, purpose, template, last, wakes, status, ready_at, tries, address, subject, body, claimed_by, handed_at, leased_until, provider, provider_id, reason, error, created_at, sent_at) VALUES
	(0, '01a21447-98c2-7d2b-88fe-e16c0aaf244b', '01a21447-8afe-7f73-8e98-65ee5360d6a0', 1, '01a21447-8afe-707e-b260-4f9473b9f8a4', 8, 'nudge', 'sms', 'marketing', 'nudge', true, false, 'sent', '2026-11-24 15:30:00+00', 1, '+12122000003', '', 'Hi Ann, Sam at Acme Roofing. So that I quote the right job: is it a repair or something new? One word is enough. Reply STOP to opt out.', NULL, '2026-11-25 19:56:06.321875+00', NULL, 'fake', 'fake-0', '', '', '2026-11-24 15:30:00+00', '2026-11-24 15:30:00+00'),
	(0, '01a21447-98c3-7519-969d-ac45efb6986d', '01a21447-8afe-728a-9ee9-82d62f7849f0', 1, '01a21447-8afe-7ab3-9623-5ba6bfbe12b3', 8, 'nudge', 'sms', 'marketing', 'nudge', true, false, 'sent', '2026-11-24 15:30:00+00', 1, '+12122000004', '', 'Hi Ann, Sam at Acme Roofing. So that I quote the right job: is it a repair or something new? One word is enough. Reply STOP to opt out.', NULL, '2026-11-25 19:56:06.321875+00', NULL, 'fake', 'fake-1', '', '', '2026-11-24 15:30:00+00', '2026-11-24 15:30:00+00'),
	(12, '01a21447-98e6-742b-994c-c3045c7500b2', '01a21447-8afe-7d9a-a105-e9c261ee52ec', 1, '01a21447-8afe-737d-b151-eb20b641e2e6', 8, 'nudge', 'sms', 'marketing', 'nudge', true, false, 'sent', '2026-11-24 15:30:00+00', 1, '+12122000005', '', 'Hi Ann, Sam at Acme Roofing. So that I quote the right job: is it a repair or something new? One word is enough. Reply STOP to opt out.', NULL, '2026-11-25 19:56:06.357643+00', NULL, 'fake', 'fake-2', '', '', '2026-11-24 15:30:00+00', '2026-11-24 15:30:00+00'),
	(9, '01a21447-98f5-77bd-99a6-0abfe4ba1c91', '01a21447-8c2b-74cc-b6b7-98b1abfd10e9', 1, '01a21447-8c57-768f-b3a6-4118030c3267', 8, 'ack', 'sms', 'acknowledge', 'ack', false, false, 'sent', '2026-11-24 15:30:00+00', 1, '+16465550100', '', 'Hi Ann, Sam at Acme Roofing here. Your price request is in and I''m about to call you. Would later suit you better? Reply with a time. STOP to opt out.', NULL, '2026-11-25 19:56:06.382871+00', NULL, 'fake', 'fake-3', '', '', '2026-11-24 15:30:00+00', '2026-11-24 15:30:00+00'),
	(10, '01a21447-990a-78ba-b8f5-876263af87bf', '01a21447-8c69-7e65-944d-79163430b69a', 1, '01a21447-8c91-73eb-b3bb-84d70b7f22aa', 2, 'guide', 'email', 'acknowledge', 'guide-link', true, false, 'sent', '2026-11-24 15:30:00+00', 1, 'bob1@example.com', 'Your guide is here', 'Hi Ann,
Here is the guide: https://acme.test/guide.pdf
If you only have two minutes, read page four. It is the part people come back to.
Sam Rivera
Acme Roofing, 555-010-4477
1 Main St, Springfield, IL 62701
Unsubscribe: http://127.0.0.1:8000/u/10-01a21447990a78bab8f5876263af87bf.qfjvrrhecbrtrcfs
', NULL, '2026-11-25 19:56:06.409761+00', NULL, 'fake', 'fake-0', '', '', '2026-11-24 15:30:00+00', '2026-11-24 15:30:00+00'),
	(6, '01a21447-9926-769b-a0b5-db18d25128cd', '01a21447-8c9d-76b2-b518-0175a99887b6', 1, '01a21447-8cd6-7d83-af15-95ff1f1fca71', 8, 'ack', 'sms', 'acknowledge', 'ack', false, false, 'sent', '2026-11-24 15:30:00+00', 1, '+16465550102', '', 'Hi Ann, Sam at Acme Roofing here. Your price request is in and I''m about to call you. Would later suit you better? Reply with a time. STOP to opt out.', NULL, '2026-11-25 19:56:06.433721+00', NULL, 'fake', 'fake-4', '', '', '2026-11-24 15:30:00+00', '2026-11-24 15:30:00+00');
SELECT pg_catalog.setval('public.decision_seq', 6, true);
SELECT pg_catalog.setval('public.event_seq', 68, true);
SELECT pg_catalog.setval('public.playbook_versions_id_seq', 11, true);
SELECT pg_catalog.setval('public.workspaces_id_seq', 1, true);
