// What affectloop.report writes into the page.

import type { Emotion, Item, Reason, TopicName } from "../../api/events";
import type { SessionDescription } from "../../api/messages";
import type { Tracks, Trial } from "../../tracks/model";

export type Measured = number | null;

export interface EmotionRow {
  emotion: Emotion;
  trials_count: number;
  trials_correct_count: number;
  accuracy_ratio: number;
  accuracy_low_ratio: number;
  accuracy_high_ratio: number;
}

export interface StreamRow {
  topic: TopicName;
  stream_id: string;
  records_count: number;
  records_per_s: Measured;
  duration_s: number;
  longest_gap_s: number;
  reasons_ratio: Partial<Record<Reason, number>>;
}

export interface Figures {
  session_id: string;
  started_at_us: number;
  duration_s: number;
  stopped_by_fault: string[]; // services
  heart_rate_mean_bpm: Measured;
  heart_rate_lowest_bpm: Measured;
  heart_rate_highest_bpm: Measured;
  heart_rate_given_ratio: Measured;
  wristband_duration_s: number;
  face_duration_s: number;
  voice_duration_s: number;
  eda_responses_count: Measured;
  eda_responses_per_min: Measured;
  eda_tonic_mean_microsiemens: Measured;
  eda_given_ratio: Measured;
  face_frames_count: number;
  face_found_ratio: Measured;
  face_good_ratio: Measured;
  voice_share_ratio: Measured;
  voice_given_ratio: Measured;
  voice_pitch_median_hz: Measured;
  estimates_count: number;
  estimates_given_ratio: Measured;
  valence_mean: Measured;
  valence_error_mean: Measured;
  arousal_mean: Measured;
  arousal_error_mean: Measured;
  engagement_mean: Measured;
  engagement_error_mean: Measured;
  strain_mean: Measured;
  strain_error_mean: Measured;
  estimate_face_share_mean_ratio: Measured;
  estimate_wristband_share_mean_ratio: Measured;
  estimate_voice_share_mean_ratio: Measured;
  trials_count: number;
  trials_valid_count: number;
  trials_correct_count: number;
  accuracy_ratio: Measured;
  accuracy_low_ratio: Measured;
  accuracy_high_ratio: Measured;
  chance_ratio: Measured;
  reaction_time_median_ms: Measured;
  emotions: EmotionRow[];
  level_first: Measured;
  level_last: Measured;
  level_lowest: Measured;
  level_highest: Measured;
  streams: StreamRow[];
  notes?: string[];
}

export type TrialDone = Trial & { item: Item };

export interface Report {
  session: Partial<SessionDescription>;
  figures: Figures;
  tracks: Tracks & { trials: TrialDone[] };
  models: { name: string; note: string }[];
}
